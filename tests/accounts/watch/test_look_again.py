"""What only shows afterwards: bursts, attack sources, sessions that moved; and what becomes of the sessions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.baseline import history
from accounts.budgets import velocity
from accounts.models import Alert, Device, PopulationCount, Profile, Session
from accounts.sessions import flows as sessions
from accounts.step_up import facts
from accounts.watch import bursts, events
from accounts.watch import tasks as risk_tasks
from accounts.watch.flows import reassess as flows
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Finding, Hold, Risk
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.population import DAYS
from ciam_portal.core.risk.visit import Visit
from tests.accounts.watch import past
from tests.factories import Message

pytestmark = pytest.mark.django_db

BY = Actor.system()
BULLETPROOF = replace(past.USUAL, asn="65000", prefix="p9", agent="ua9", device="d9")


@pytest.fixture(autouse=True)
def _counted(db: None) -> None:
    """A month of newcomers has been counted: none on any network of these tests."""
    PopulationCount.objects.add({DAYS: 30.0})


@pytest.fixture
def recently() -> datetime:
    return clock.now() - timedelta(minutes=30)


def crowd(at: datetime, number: int, *, evidence: Evidence = past.STRANGE, score: float = 1.0) -> list[Session]:
    """Customers who come for their first time from one network, each from an address and device of their own."""
    return [
        past.entered(
            at + timedelta(seconds=each),
            visit=replace(BULLETPROOF, address=f"x{each}", device=f"x{each}", prefix=f"x{each}"),
            evidence=evidence,
            score=score,
        )
        for each in range(number)
    ]


def risks(rows: list[Session]) -> list[int | None]:
    return list(
        Session.objects.filter(pk__in=[row.pk for row in rows]).order_by("started_at").values_list("risk", flat=True)
    )


ABROAD = past.seen(device=past.NEW, country=past.NEW, browser=past.NEW)
"""Whoever comes from a new country in a new browser is not asked about network and agent: both are new as well."""


@pytest.mark.parametrize("evidence", [past.STRANGE, ABROAD], ids=["new network", "new country"])
def test_a_burst_of_newcomers_raises_the_risk_of_each(recently: datetime, evidence: Evidence) -> None:
    several = crowd(recently, 6, evidence=evidence)
    at_home = past.entered(recently, visit=BULLETPROOF, evidence=past.seen(asn=past.KNOWN, agent=past.KNOWN))
    elsewhere = past.entered(recently, evidence=past.STRANGE)
    assert risk_tasks.look_again() == 6
    assert risks(several) == [Risk.HIGH] * 6
    assert risks([at_home, elsewhere]) == [Risk.LOW, Risk.LOW]
    event = past.audited(events.SessionReassessed)[0]
    assert event["answer"] == "step_up"
    assert "burst_asn" in event["findings"]
    decided = DecisionEntry.objects.filter(question="sessions.on_risk_risen")
    assert decided.count() == 6
    assert AuditEntry.objects.filter(name="risk.session_reweighed", decision__in=decided.values("pk")).count() == 6


def test_run_twice_it_changes_nothing_more(recently: datetime) -> None:
    crowd(recently, 6, score=limits.current().risk.high_score)
    assert risk_tasks.look_again() == 6
    recorded = AuditEntry.objects.count()
    assert risk_tasks.look_again() == 0
    assert AuditEntry.objects.count() == recorded


def test_a_busy_network_is_no_burst(recently: datetime) -> None:
    PopulationCount.objects.add({("newcomers", "65000"): 30.0 * 40})
    several = crowd(recently, 6, evidence=past.seen(asn=past.NEW, device=past.KNOWN))
    assert risk_tasks.look_again() == 0
    assert risks(several) == [Risk.LOW] * 6


def test_before_anything_was_counted_nothing_is_a_burst(recently: datetime) -> None:
    PopulationCount.objects.all().delete()
    crowd(recently, 6, evidence=past.seen(asn=past.NEW, device=past.KNOWN))
    assert risk_tasks.look_again() == 0


def test_what_lies_further_back_is_left_alone() -> None:
    hours = limits.current().risk.look_back_hours
    crowd(clock.now() - timedelta(hours=hours, minutes=1), 6)
    assert risk_tasks.look_again() == 0


def test_very_unusual_and_part_of_a_burst_ends_the_session(
    recently: datetime, outbox: Callable[[], list[Message]]
) -> None:
    taken = crowd(recently, 6, score=limits.current().risk.high_score)
    for row in taken:
        history.learn(row.customer_id, past.USUAL, recently - timedelta(days=2))
        history.learn(row.customer_id, Visit(**row.visit), recently)
    assert risk_tasks.look_again() == 6
    rows = Session.objects.filter(pk__in=[row.pk for row in taken]).select_related("device", "customer")
    assert {row.end_reason for row in rows} == {sessions.RISK_ROSE}
    assert all(row.ended_at and row.risk == Risk.SEVERE for row in rows)
    assert all(row.device and row.device.revoked_at for row in rows)
    told = {message.to: message for message in outbox() if message.kind == "session_ended_for_safety"}
    assert set(told) == {row.customer.email for row in rows}
    words = told[rows[0].customer.email].words
    assert (words["browser"], words["place"]) == ("Firefox on Linux", "Norway, network 192.0.2.0/24")
    ended = AuditEntry.objects.filter(name="session.ended", data__reason="risk_rose")
    assert ended.count() == 6
    profile = Profile.objects.get(pk=rows[0].customer_id).data["v"]
    assert set(profile["device"]) == {"d1"}
    assert set(profile["asn"]) == {"64500"}


def test_a_browser_that_was_there_before_stays_its_owners(recently: datetime) -> None:
    (taken, *_) = crowd(recently, 6, score=9.0)
    Device.objects.filter(sessions=taken).update(first_seen_at=recently - timedelta(days=90))
    risk_tasks.look_again()
    assert Device.objects.get(sessions=taken).revoked_at is None


def test_high_risk_makes_sensitive_actions_wait(recently: datetime) -> None:
    row = crowd(recently, 6)[0]
    customer, at = row.customer, clock.now()
    Session.objects.filter(pk=row.pk).update(last_used_at=at, auth_time=at, level_at=at, challenged_at=at)
    Device.objects.filter(sessions=row).update(known_at=recently)
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)

    def asked() -> Any:
        session = Session.objects.select_related("device").get(pk=row.pk)
        assessed = facts.for_action(customer, session, by=by, at=at)
        return gate.decide("change_email", replace(assessed, signals=None), limits=limits.current(), at=at)

    before = asked()
    risk_tasks.look_again()
    assert not isinstance(before, Hold)
    assert isinstance(asked(), Hold)


def test_one_agent_on_many_accounts_with_nothing_else_known(recently: datetime) -> None:
    for number in range(40):  # everybody else uses something else
        past.entered(recently, visit=replace(past.USUAL, device=f"home{number}"), evidence=past.seen(asn=past.KNOWN))
    several = [
        past.entered(
            recently,
            visit=Visit(asn=f"{number}", prefix=f"q{number}", agent="bot", device=f"q{number}"),
            evidence=past.STRANGE,
        )
        for number in range(6)
    ]
    assert risk_tasks.look_again() == 6
    assert {event["findings"][0] for event in past.audited(events.SessionReassessed)} == {"burst_agent"}
    assert risks(several) == [Risk.HIGH] * 6


def test_a_new_version_of_a_common_browser_is_no_burst(recently: datetime) -> None:
    for number in range(40):
        past.entered(
            recently,
            visit=replace(past.USUAL, agent="v2", device=f"home{number}"),
            evidence=past.seen(asn=past.KNOWN, agent=past.NEW, device=past.KNOWN),
        )
    for number in range(2):
        past.entered(recently, visit=Visit(asn=f"{number}", prefix=f"q{number}", agent="v2"), evidence=past.STRANGE)
    assert risk_tasks.look_again() == 0


@pytest.mark.parametrize(("customers", "risk"), [(4, Risk.LOW), (5, Risk.MODERATE), (10, Risk.HIGH)])
def test_one_device_on_many_accounts(recently: datetime, customers: int, risk: Risk) -> None:
    several = [past.entered(recently, evidence=past.seen(asn=past.KNOWN)) for _ in range(customers)]
    risk_tasks.look_again()
    assert risks(several) == [risk] * customers


def test_an_address_that_turns_out_to_attack_is_an_alert_and_no_fault_of_who_shares_it(recently: datetime) -> None:
    seen = history.Seen(address="198.51.100.7", asn=64500)
    row = past.entered(recently, visit=history.visit_of(seen), evidence=past.STRANGE)
    assert risk_tasks.look_again() == 0
    assert not Alert.objects.exists()
    for number in range(24):
        velocity.failed(facts.source_of(f"c{number}@example.com", seen), clock.now())
    assert risk_tasks.look_again() == 0
    assert risks([row]) == [Risk.LOW]
    alert = Alert.objects.get()
    assert alert.kind == "attack.address"
    assert alert.numbers.pop("accounts_tried") in range(20, 28)  # estimated (HyperLogLog): now and then one is missed
    assert alert.numbers == {"addresses": 1, "sessions": 1}


def test_a_known_browser_is_no_part_of_a_crowd_that_strangers_make(recently: datetime) -> None:
    strangers = crowd(recently, 6)
    owner = past.entered(recently, visit=BULLETPROOF, evidence=past.seen(asn=past.NEW, device=past.KNOWN))
    forgotten = past.entered(recently, visit=BULLETPROOF, evidence=past.STRANGE)
    Device.objects.filter(sessions=forgotten).update(known_at=recently - timedelta(days=1))
    proven_in_it = past.entered(recently, visit=BULLETPROOF, evidence=past.STRANGE)
    Device.objects.filter(sessions=proven_in_it).update(known_at=recently)  # by the second factor of this sign-in
    assert risk_tasks.look_again() == 7
    assert risks([owner, forgotten]) == [Risk.LOW, Risk.LOW]
    assert risks([*strangers, proven_in_it]) == [Risk.HIGH] * 7


@pytest.mark.parametrize(
    ("changed", "risk", "ended"),
    [
        ({}, Risk.LOW, False),
        ({"network_now": "192.0.2.0/24", "browser_now": "Firefox"}, Risk.LOW, False),
        ({"network_now": "198.51.100.0/24"}, Risk.LOW, False),
        ({"browser_now": "Chrome"}, Risk.HIGH, False),
        ({"network_now": "198.51.100.0/24", "browser_now": "Chrome"}, Risk.SEVERE, True),
    ],
)
def test_a_session_that_moved_in_mid_life(changed: dict[str, str], risk: Risk, ended: bool) -> None:
    at = clock.now() - timedelta(hours=limits.current().risk.look_back_hours + 1)  # begun before, and still alive
    row = past.entered(at, evidence=past.seen(asn=past.KNOWN))
    history.learn(row.customer_id, past.USUAL, at)
    Session.objects.filter(pk=row.pk).update(**changed)
    risk_tasks.look_again()
    row.refresh_from_db()
    assert (row.risk, row.ended_at is not None) == (risk, ended)
    # Whoever signed in was the customer: their device and profile stay.
    assert Device.objects.get(sessions=row).revoked_at is None
    assert set(Profile.objects.get(pk=row.customer_id).data["v"]["device"]) == {"d1"}


def test_what_has_ended_is_left_alone(recently: datetime) -> None:
    row = crowd(recently, 6)[0]
    sessions.end(row, by=BY, at=clock.now())
    assert risk_tasks.look_again() == 5
    finding = (Finding("burst_asn", 10.0),)
    flows.reassess(row, finding, by=BY, at=clock.now())  # it ended between looking and locking
    row.refresh_from_db()
    assert (row.risk, row.end_reason) == (Risk.LOW, sessions.ENDED_BY_OWNER)
    assert past.audited(events.SessionReassessed)[-1]["answer"] == "allow"


def test_a_large_burst_is_an_alert_once(recently: datetime) -> None:
    crowd(recently, 12)
    risk_tasks.look_again()
    risk_tasks.look_again()
    alert = Alert.objects.get(kind="burst.asn")
    assert alert.numbers["accounts"] == 12
    assert alert.numbers["groups"] == 1


def test_one_run_looks_at_a_bounded_number(recently: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "MOST", 4)
    crowd(recently, 6)
    assert risk_tasks.look_again() == 4


def test_without_its_counters_the_rest_is_still_looked_at(recently: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(velocity, "counters", past.no_counters)
    crowd(recently, 6)
    assert risk_tasks.look_again() == 6
