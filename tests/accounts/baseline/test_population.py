"""What is usual for everybody: learned once from each sign-in, late, faded, and never from what was disowned."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from accounts.baseline import flows as learning
from accounts.baseline import history, population
from accounts.models import PopulationCount, Profile, Session
from accounts.watch import events
from accounts.watch import tasks as risk_tasks
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.risk import population as table
from ciam_portal.core.risk.evidence import Evidence, deltas_of
from ciam_portal.core.risk.parameters import DEFAULT
from ciam_portal.core.risk.population import DAYS
from ciam_portal.core.risk.visit import Feature, Visit
from tests import factories
from tests.accounts.watch import past

pytestmark = pytest.mark.django_db

AGO = timedelta(hours=48)
BY = Actor.system()


def counts() -> dict[table.Key, float]:
    return {(row.feature, row.value): row.weight for row in PopulationCount.objects.all()}


def test_a_batch_adds_exactly_what_each_sign_in_teaches() -> None:
    at = clock.now() - AGO
    visits = [past.USUAL, replace(past.USUAL, asn="64501", prefix="p2"), past.USUAL]
    evidence = [past.seen(asn=past.KNOWN, device=past.KNOWN), past.seen(asn=past.NEW, prefix=past.NEW), Evidence()]
    for number, (visit, numbers) in enumerate(zip(visits, evidence, strict=True)):
        past.entered(at + timedelta(minutes=number), visit=visit, evidence=numbers)
    expected: defaultdict[table.Key, float] = defaultdict(float)
    for visit, numbers in zip(visits, evidence, strict=True):
        for key, delta in deltas_of(visit, table.rarity(visit, expected), numbers).items():
            expected[key] += delta
    assert risk_tasks.learn_population() == 3
    found = counts()
    assert {key: weight for key, weight in found.items() if key != DAYS} == pytest.approx(expected)
    assert found[table.TOTAL] == 3.0
    assert found["asn", "64500"] == 2.0
    assert found[table.DISTINCT, "asn"] == 2.0
    assert found["newcomers", "64501"] == 1.0
    assert found["newcomers_prefix", "p2"] == 1.0
    assert found[DAYS] == pytest.approx(2 / 1440)


def test_run_twice_it_teaches_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "BATCH", 3)
    at = clock.now() - AGO
    for number in range(7):
        past.entered(at + timedelta(seconds=number // 3))  # several in the very same instant
    assert risk_tasks.learn_population() == 7
    assert risk_tasks.learn_population() == 0
    assert counts()[table.TOTAL] == 7.0
    past.entered(at + timedelta(seconds=9))
    assert risk_tasks.learn_population() == 1
    assert counts()[table.TOTAL] == 8.0
    assert [event["sign_ins"] for event in past.audited(events.PopulationLearned)] == [3, 3, 1, 1]


def test_one_run_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "BATCH", 1)
    for number in range(12):
        past.entered(clock.now() - AGO + timedelta(seconds=number))
    assert risk_tasks.learn_population() == 10
    assert risk_tasks.learn_population() == 2


def test_a_sign_in_teaches_only_when_its_owner_had_time_to_disown_it() -> None:
    wait = timedelta(hours=limits.current().risk.learn_after_hours)
    past.entered(clock.now() - wait + timedelta(minutes=1))
    assert risk_tasks.learn_population() == 0
    past.entered(clock.now() - wait - timedelta(minutes=1))
    assert risk_tasks.learn_population() == 1


def test_disowned_and_suspected_sign_ins_never_teach() -> None:
    at = clock.now() - AGO
    past.entered(at)
    disowned = past.entered(at + timedelta(minutes=1), visit=replace(past.USUAL, asn="65000"))
    past.answered(disowned, "activity.not_me", at + timedelta(hours=1))
    confirmed = past.entered(at + timedelta(minutes=2))
    past.answered(confirmed, "activity.was_me", at + timedelta(hours=1))
    suspected = past.entered(at + timedelta(minutes=3), visit=replace(past.USUAL, asn="65001"))
    Session.objects.filter(pk=suspected.pk).update(ended_at=at + timedelta(hours=1), end_reason="risk_rose")
    risk_tasks.learn_population()
    found = counts()
    assert found[table.TOTAL] == 2.0
    assert ("asn", "65000") not in found
    assert ("asn", "65001") not in found
    assert past.audited(events.PopulationLearned) == [{"sign_ins": 2, "left_out": 2}]


def test_evidence_of_another_model_still_counts_the_values() -> None:
    session = past.entered(clock.now() - AGO)
    other = past.decision(session.customer, clock.now() - AGO)
    other.inputs[1]["evidence"] = {"from": "another model"}
    other.pk = None
    other.pk = codes.new_id()
    other.save(force_insert=True)
    Session.objects.filter(pk=session.pk).update(decision=other.pk)
    risk_tasks.learn_population()
    assert counts()["asn", "64500"] == 1.0
    assert (table.EXPOSURE, "asn") not in counts()


def test_everything_fades_by_half_in_a_half_life_and_is_forgotten_at_last() -> None:
    now = clock.now()
    PopulationCount.objects.add(
        {("asn", "1"): 8.0, ("asn", "2"): 0.015, table.TOTAL: 0.015, (table.DISTINCT, "asn"): 2.0}
    )
    assert learning.fade_population(by=BY, at=now) == 0.0
    half = now + timedelta(days=DEFAULT.half_life)
    assert learning.fade_population(by=BY, at=half) == DEFAULT.half_life
    assert counts() == pytest.approx({("asn", "1"): 4.0, table.TOTAL: 0.0075, (table.DISTINCT, "asn"): 1.0})
    assert learning.fade_population(by=BY, at=half) == 0.0
    assert learning.fade_population(by=BY, at=now) == 0.0  # a clock that went back
    assert counts()["asn", "1"] == pytest.approx(4.0)
    assert [event["days"] for event in past.audited(events.PopulationFaded)] == [0.0, 0.0, DEFAULT.half_life, 0.0]


def test_the_job_fades_by_the_time_that_passed() -> None:
    PopulationCount.objects.add({("asn", "1"): 8.0})
    assert risk_tasks.fade_population() == 0.0
    assert 0.0 <= risk_tasks.fade_population() < 0.01


def learned(customer_id: UUID, feature: Feature) -> set[str]:
    return set(Profile.objects.get(pk=customer_id).data["v"].get(feature.value, {}))


def test_a_disowned_sign_in_is_taken_out_of_the_profile() -> None:
    now = clock.now()
    customer = factories.customer()
    intruder = Visit("a9", "p9", "65000", "NO", "ua9", "b1", "s1", "desktop", "d9")
    history.learn(customer.pk, past.USUAL, now - timedelta(days=3))
    history.learn(customer.pk, intruder, now - timedelta(days=2))
    session = past.entered(
        now - timedelta(days=2),
        customer,
        visit=intruder,
        evidence=past.seen(asn=past.NEW, agent=past.NEW, browser=past.KNOWN),
    )
    history.learn(customer.pk, replace(past.USUAL, agent="ua9"), now - timedelta(days=1))  # its owner shows it as well
    past.answered(session, "activity.not_me", now - timedelta(hours=1))
    risk_tasks.learn_population()
    assert learned(customer.pk, Feature.DEVICE) == {"d1"}
    assert learned(customer.pk, Feature.ASN) == {"64500"}
    assert learned(customer.pk, Feature.AGENT) == {"ua1", "ua9"}
    assert learned(customer.pk, Feature.BROWSER) == {"b1"}
    assert past.audited(events.SignInUnlearned) == [{"session": str(session.pk), "values": 2}]
    risk_tasks.learn_population()
    assert len(past.audited(events.SignInUnlearned)) == 1


def test_unlearning_without_a_profile_or_session_breaks_nothing() -> None:
    now = clock.now()
    session = past.entered(now - AGO)
    past.answered(session, "activity.not_me", now - timedelta(hours=2))
    gone = past.entered(now - AGO)
    past.answered(gone, "activity.not_me", now - timedelta(hours=1))
    gone.delete()
    assert learning.unlearn_disowned(by=BY, at=now) == 2
    assert learning.unlearn_disowned(by=BY, at=now) == 0


def test_newcomers_of_a_network_are_compared_with_what_is_usual_there() -> None:
    PopulationCount.objects.add({DAYS: 10.0, ("newcomers", "64500"): 480.0})
    usual = population.usual_newcomers(Feature.ASN, ["64500", "65000"], 6)
    assert usual == {"64500": pytest.approx(12.0), "65000": 0.0}
    customer = factories.customer()
    history.learn(customer.pk, replace(past.USUAL, asn="64999"), clock.now())
    found = history.read(customer.pk, past.USUAL, clock.now())
    assert found is not None
    assert found.past.newcomers == pytest.approx(48.0)  # a day
    PopulationCount.objects.filter(feature=DAYS[0]).update(weight=0.5)
    assert population.usual_newcomers(Feature.ASN, ["64500"], 6) == {"64500": None}  # too early to say
