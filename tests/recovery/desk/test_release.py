"""The customer's own link: where it goes, who can use it, and that nobody is stuck or let in by it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.baseline.history import Seen
from accounts.models import Proof, Totp
from accounts.sign_in.flows import Browser
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from ciam_portal.governance import recompute
from recovery.case import facts, tasks
from recovery.case.flows import claim_link as links
from recovery.case.flows import finish, wait
from recovery.case.policy.cases import Reason
from recovery.case.policy.states import State
from recovery.desk.flows import release
from recovery.desk.proofs import FINISH_RECOVERY
from recovery.models import Case
from tests import factories, mailed
from tests.accounts.staff.people import Member
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, open_link, prove, refused, the_link
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db
KEY = "k" * 43


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


@pytest.fixture
def case(team: Desk) -> Case:
    """Approved, and waiting."""
    return team.approved()


def over(days: float = 3) -> Any:
    """The wait is over, and the customer was told."""
    return steps.later(days=days, minutes=1)


def test_nobody_has_a_link_before_the_wait_is_over(case: Case, team: Desk) -> None:
    assert not Proof.objects.filter(purpose=FINISH_RECOVERY.name).exists()
    with steps.later(days=2, hours=23):
        assert tasks.sweep() == 0
        prove(team.ann)
    assert not Proof.objects.filter(purpose=FINISH_RECOVERY.name).exists()
    assert Client().get("/recover/finish/", follow=True).redirect_chain[-1][0] == "/recover/wait/"


@pytest.mark.parametrize("kind", ["mail", "sms"])
def test_it_goes_to_the_chosen_channel_alone(team: Desk, kind: str) -> None:
    case = team.little()
    team.call(case)
    team.approve(team.propose(case, kind=kind))
    with over():
        tasks.sweep()
    sent = [mail.to for mail in factories.outbox() if mail.kind == "recovery_finish"]
    assert sent == [team.customer.email if kind == "mail" else steps.PHONE]
    secret = the_link().rstrip("/").rsplit("/", 1)[1]
    told = [mail for mail in factories.outbox() if mail.kind != "recovery_finish"]
    assert all(secret not in str(mail.words) for mail in told)


def test_a_scanner_that_opens_it_changes_nothing(case: Case) -> None:
    with over():
        tasks.sweep()
        for _ in range(3):
            scanner = Client()
            assert "Go on in this browser" in scanner.get(steps.path(the_link()), follow=True).text
        case.refresh_from_db()
        assert case.key_digest == ""
        person = Person(Client())
        open_link(person.client, the_link())
        assert "Your account is yours again" in person.finish().text


def test_a_forwarded_or_replayed_link_is_dead_after_its_use(case: Case) -> None:
    with over():
        tasks.sweep()
        thief = Client()
        thief.get(steps.path(the_link()))
        person = Person(Client())
        open_link(person.client, the_link())
        assert thief.post(mailed.page(thief, "/recover/link/")).status_code == 410
        assert thief.get(steps.path(the_link()), follow=True).status_code == 410
        assert thief.get("/recover/finish/", follow=True).redirect_chain[-1][0] == "/recover/wait/"
        assert {mail.to for mail in steps.news("claimed")} >= {steps.PHONE}
        assert "Your account is yours again" in person.finish().text
        assert open_link(Client(), the_link()).status_code == 410


def test_whoever_is_told_that_it_was_used_can_still_stop_it(case: Case) -> None:
    with over():
        tasks.sweep()
        thief = Person(Client())
        open_link(thief.client, the_link())
        owner = Client()
        owner.get(steps.path(steps.news("claimed")[0].words["link"]))
        owner.post(mailed.page(owner, "/recover/stop/"))
        thief.finish()
    case.refresh_from_db()
    assert case.state == State.CANCELLED
    assert Totp.objects.get(user=case.customer).bin_key == steps.SEED


def test_the_link_ends_with_its_hours_and_an_agent_has_another_sent(case: Case, team: Desk) -> None:
    with over():
        tasks.sweep()
        first = the_link()
    with over(days=6.1):
        assert open_link(Client(), first).status_code == 410
        ann = Member(Role.AGENT)
        look(ann, team.customer)
        release.send_again(case, ann.user, ann.session, by=ann.by, at=clock.now())
        assert the_link() != first
        person = Person(Client())
        open_link(person.client, the_link())
        assert "Your account is yours again" in person.finish().text


def test_another_link_ends_what_the_first_one_gave(case: Case, team: Desk) -> None:
    with over():
        tasks.sweep()
        thief = Person(Client())
        open_link(thief.client, the_link())
        ann = Member(Role.AGENT)
        look(ann, team.customer)
        release.send_again(case, ann.user, ann.session, by=ann.by, at=clock.now())
        thief.finish()
        assert "Your account is yours again" not in thief.client.get("/recover/finish/", follow=True).text
        case.refresh_from_db()
        assert (case.state, case.key_digest) == (State.COOLING_OFF, "")


def test_no_link_is_sent_again_before_the_wait_is_over(case: Case, team: Desk) -> None:
    with pytest.raises(OnHold) as held:
        release.send_again(case, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())
    assert held.value.reason is Reason.COOLING_OFF


def test_a_made_up_link_and_one_of_another_purpose_do_nothing(case: Case) -> None:
    with over():
        tasks.sweep()
        stop = steps.news("desk_ready")[0].words["link"].rstrip("/").rsplit("/", 1)[1]
        for secret in ("x" * 43, stop):
            assert refused(release.claim, secret, KEY, by=Actor.system(), at=clock.now()) is Reason.LINK_DEAD
            assert open_link(Client(), f"http://x/recover/link/{secret}/").status_code == 410


def test_a_channel_that_fell_away_gets_nothing_even_where_a_flow_asks_for_it(case: Case) -> None:
    case.customer.email_changed_at = clock.now()
    case.customer.save()
    at = clock.now()
    assert refused(links.send, case, again=False, by=Actor.system(), at=at) is Reason.CHANNEL_GONE


def test_a_sign_in_after_the_link_was_sent_ends_it(case: Case) -> None:
    with over():
        tasks.sweep()
        factories.signed_in(Client(), case.customer, (Method.PASSWORD, Method.TOTP), clock.now())
        assert open_link(Client(), the_link()).status_code == 410


# Nobody is stuck


def _arriving(risk: Risk) -> Callable[..., gate.Facts]:
    real = facts.arriving

    def arrive(*args: Any, **words: Any) -> gate.Facts:
        return replace(real(*args, **words), standing=risk)

    return arrive


@pytest.mark.parametrize("helped", [True, False])
def test_an_unusual_browser_waits_for_an_instant_and_then_finishes(
    team: Desk, helped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, began = Person(Client()), clock.now()
    case = team.approved() if helped else _alone(person, team)
    assert case.ready_at is not None
    assert timedelta(days=2, hours=23) < case.ready_at - began < timedelta(days=3, hours=1)
    monkeypatch.setattr(facts, "arriving", _arriving(Risk.HIGH))
    with over():
        tasks.sweep()
        if helped:
            open_link(person.client, the_link())
        page = person.finish()
        assert page.status_code == 403
        assert "the wait is longer" in page.text
        asked = DecisionEntry.objects.filter(about=team.customer.pk, question="recovery.may_complete")
        until = asked.latest("at", "pk").detail["until"]
        assert timedelta(days=6, hours=23) < datetime.fromisoformat(until) - began < timedelta(days=7, hours=1)
    with over(days=7):
        assert "Your account is yours again" in person.finish().text


def _alone(person: Person, team: Desk) -> Case:
    person.two_codes(team.customer.email)
    return steps.case_of(team.customer)


@pytest.mark.parametrize("helped", [True, False])
def test_severe_risk_stays_a_no(team: Desk, helped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(Client())
    case = team.approved() if helped else _alone(person, team)
    with over(days=8):
        if helped:
            tasks.sweep()
            open_link(person.client, the_link())
        monkeypatch.setattr(facts, "arriving", _arriving(Risk.SEVERE))
        person.finish()
    case.refresh_from_db()
    assert case.state == State.COOLING_OFF
    assert AuditEntry.objects.filter(name="flow.refused").exists()


def test_worry_when_enough_was_shown_is_waited_for_too(team: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "arriving", _arriving(Risk.HIGH))
    person = Person(Client())
    case = _alone(person, team)
    assert case.ready_at is not None
    assert case.ready_at - case.opened_at > timedelta(days=6)
    with over(days=7):
        assert "Your account is yours again" in person.finish().text


def test_a_case_that_waits_ends_three_days_after_it_could_be_finished(team: Desk) -> None:
    case = team.little()
    team.call(case)
    Case.objects.filter(pk=case.pk).update(opened_at=clock.now() - timedelta(days=13))
    case = team.approve(team.propose(case))
    with steps.later(days=5, hours=23):
        assert not wait.is_over(case, clock.now())
    with steps.later(days=6, minutes=1):
        assert wait.is_over(case, clock.now())


def test_the_whole_of_it_is_decided_again_alike(case: Case) -> None:
    with over():
        tasks.sweep()
        person = Person(Client())
        open_link(person.client, the_link())
        assert "Your account is yours again" in person.finish().text
    entries = list(DecisionEntry.objects.all())
    assert {entry.question for entry in entries} >= {
        "desk.may_begin", "desk.may_ask", "desk.may_note",
        "recovery.may_propose", "recovery.may_approve", "desk.may_claim",
    }  # fmt: skip
    for entry in entries:
        assert recompute.recompute(entry) == (), (entry.question, entry.action)


def test_only_the_browser_that_claimed_finishes(case: Case) -> None:
    with over():
        tasks.sweep()
        open_link(Client(), the_link())
        browser = Browser("", "", Seen(address="127.0.0.1", browser="Firefox", system="Linux"))
        with pytest.raises(Refused) as no:
            finish.complete(case, KEY, steps.NEW, None, browser, by=Actor.system(), at=clock.now())
        assert no.value.reason is Reason.NOT_POSSIBLE
