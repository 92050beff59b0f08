"""A helped recovery from the call to a signed-in customer, and what each step needs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Totp
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from recovery.case import tasks
from recovery.case.policy.cases import Reason
from recovery.case.policy.states import State
from recovery.desk import policy as desk_policy
from recovery.desk.flows import desk, evidence, release
from recovery.desk.policy import Outcome, WhyRejected
from recovery.models import Case, Shown
from tests import factories
from tests.accounts.staff.people import Member
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, open_link, refused, the_link
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


@pytest.mark.control("v5.0.0-6.4.4")
def test_from_the_call_to_a_new_factor_in_a_browser_never_seen_before(team: Desk) -> None:
    owner = team.customer
    case = team.begin()
    assert {mail.to for mail in steps.news("desk_opened")} == {owner.email, steps.PHONE}
    assert team.ask_read_back(case)
    assert team.read_back(case)
    team.call(case)
    team.document(case)
    assert len(steps.news("desk_shown")) == 3 * 2
    case = team.propose(case)
    assert case.state == State.PROPOSED
    case = team.approve(case)
    assert (case.state, case.key_digest, case.risk) == (State.COOLING_OFF, "", None)
    assert {mail.to for mail in steps.news("desk_waits")} == {owner.email, steps.PHONE}
    with steps.later(days=2):
        assert tasks.sweep() == 0
    with steps.later(days=3, minutes=1):
        assert tasks.sweep() == 1
        assert tasks.sweep() == 0
        sent = [mail for mail in factories.outbox() if mail.kind == "recovery_finish"]
        assert [mail.to for mail in sent] == [owner.email]
        assert {mail.to for mail in steps.news("desk_ready")} == {owner.email, steps.PHONE}
        person = Person(Client())
        page = open_link(person.client, the_link())
        assert page.redirect_chain[-1][0] == "/recover/finish/"
        assert "Your account is yours again" in person.finish().text
    case.refresh_from_db()
    owner.refresh_from_db()
    assert case.state == State.COMPLETED
    assert owner.check_password(steps.NEW)
    assert Totp.objects.get(user=owner).bin_key != steps.SEED
    names = set(AuditEntry.objects.filter(about=owner.pk).values_list("name", flat=True))
    assert names >= {
        "recovery.desk_began", "recovery.desk_asked", "recovery.desk_noted", "recovery.proposed", "recovery.approved",
        "recovery.ready", "recovery.link_sent", "recovery.claimed", "recovery.completed",
    }  # fmt: skip


def test_a_self_service_recovery_with_one_code_gives_way_and_counts_for_nothing(team: Desk) -> None:
    person = Person(Client())
    person.start(team.customer.email)
    person.show("mail", steps.latest("recovery_code"))
    before = steps.case_of(team.customer)
    with steps.later(minutes=1):
        case = team.begin()
        before.refresh_from_db()
        assert (before.state, case.state) == (State.CANCELLED, State.OPEN)
        assert not case.shown.exists()
        assert person.client.get("/recover/show/", follow=True).status_code == 410
        assert person.client.get("/recover/finish/", follow=True).redirect_chain[-1][0] != "/recover/finish/"


def test_whoever_reads_the_mail_does_not_silence_the_help_desk(team: Desk) -> None:
    case = team.begin()
    thief = Person(Client())
    thief.start(team.customer.email)
    assert thief.show("mail", steps.latest("recovery_code")).status_code == 403
    case.refresh_from_db()
    assert case.state == State.OPEN


def test_one_case_at_a_time(team: Desk) -> None:
    team.begin()
    assert refused(team.begin, team.bea) is desk_policy.Reason.ALREADY_RUNNING


def test_only_the_kinds_of_factors_that_the_account_has_are_lost(team: Desk) -> None:
    look(team.ann, team.customer)
    lost = (Method.TOTP, Method.PASSKEY)
    case = desk.begin(team.customer, lost, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())
    assert case.lost == ["totp"]


# Who may begin


@pytest.mark.parametrize("why", [None, WhyLook.SUSPECTED_FRAUD, WhyLook.DISPUTE])
def test_the_record_must_be_open_because_the_customer_asked(team: Desk, why: WhyLook | None) -> None:
    if why:
        look(team.ann, team.customer, why)
    args = team.customer, (), team.ann.user, team.ann.session
    assert refused(desk.begin, *args, by=team.ann.by, at=clock.now()) is Reason.RECORD_SHUT


def test_another_session_that_opened_the_record_does_not_count(team: Desk) -> None:
    look(team.bea, team.customer)
    args = team.customer, (), team.ann.user, team.ann.session
    assert refused(desk.begin, *args, by=team.ann.by, at=clock.now()) is Reason.RECORD_SHUT


def test_an_approver_is_no_agent(team: Desk) -> None:
    assert refused(team.begin, team.ben) is Reason.NOT_YOUR_ROLE


@pytest.mark.parametrize("trait", [{"is_active": False}, {"proven": False}], ids=str)
def test_no_case_for_a_closed_or_unproven_account(team: Desk, trait: dict[str, Any]) -> None:
    team.customer = factories.customer(**trait)
    assert refused(team.begin) is desk_policy.Reason.CLOSED


@pytest.mark.control("v5.0.0-2.3.5")
def test_staff_are_never_helped_by_themselves(team: Desk) -> None:
    for who in (Member(Role.AGENT, Role.APPROVER), team.ben):
        team.customer = who.user
        steps.with_app(team.customer)
        team.customer.created_at = clock.now() - timedelta(days=365)
        team.customer.save()
        case = Case.objects.create(customer=who.user, state=State.OPEN, opened_at=clock.now(), opened_by=team.ann.pk)
        args = case, who.user, who.session
        assert refused(evidence.ask_document, *args, by=who.by, at=clock.now()) in {
            Reason.OWN_ACCOUNT, Reason.NOT_YOUR_ROLE,
        }  # fmt: skip
        case.delete()
        look(team.ann, team.customer)
        case = desk.begin(
            team.customer, (Method.PASSWORD,), team.ann.user, team.ann.session, by=team.ann.by, at=clock.now()
        )
        evidence.ask_document(case, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())
        look(team.bea, team.customer)
        evidence.check_document(
            case, Outcome.CONFIRMED, team.bea.user, team.bea.session, by=team.bea.by, at=clock.now()
        )
        assert team.ask_read_back(case)
        assert team.read_back(case)
        Shown.objects.create(case=case, way="called_back", at=clock.now(), by=team.ann.pk)
        case = team.propose(case)
        assert refused(team.approve, case, who) is Reason.OWN_ACCOUNT


@pytest.mark.parametrize(
    "by", [Actor.system(), Actor(ActorKind.SYSTEM, None, Channel.HELP_DESK)], ids=["task", "command"]
)
def test_no_command_or_task_can_do_what_staff_do(team: Desk, by: Actor) -> None:
    case = team.begin()
    look(team.ann, team.customer)
    who = team.ann.user, team.ann.session
    key, at = team.channel(case).id, clock.now()
    verbs: list[Callable[[], object]] = [
        lambda: desk.begin(team.customer, (Method.PASSWORD,), *who, by=by, at=at),
        lambda: evidence.ask_read_back(case, key, *who, by=by, at=at),
        lambda: evidence.ask_document(case, *who, by=by, at=at),
        lambda: evidence.ask_in_session(case, *who, by=by, at=at),
        lambda: desk.propose(case, key, *who, by=by, at=at),
        lambda: desk.approve(case, team.ben.user, team.ben.session, by=by, at=at),
        lambda: desk.reject(case, WhyRejected.MISTAKE, *who, by=by, at=at),
        lambda: release.send_again(case, *who, by=by, at=at),
    ]
    for verb in verbs:
        assert refused(verb) in {gate.Reason.WRONG_DOOR, Reason.NOT_YOUR_ROLE}
    case.refresh_from_db()
    assert case.state == State.OPEN


def test_nobody_acts_in_somebody_elses_name_or_session(team: Desk) -> None:
    case = team.begin()
    look(team.bea, team.customer)
    ann, bea = team.ann, team.bea
    at = clock.now()
    for who, session, by in ((ann.user, ann.session, bea.by), (bea.user, bea.session, ann.by)):
        assert refused(evidence.ask_document, case, who, session, by=by, at=at) is Reason.NOT_YOUR_ROLE
    assert refused(evidence.ask_document, case, bea.user, ann.session, by=bea.by, at=at) is gate.Reason.SESSION_OVER
