"""One proposes, another approves: in the flow and in the database; and whatever ends it in between."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Session, Totp, User
from accounts.staff.flows import break_glass
from accounts.staff.flows import people as roles
from accounts.staff.policy import WhyGlass
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from recovery.addresses import facts as addresses
from recovery.case import tasks
from recovery.case.flows import wait
from recovery.case.policy.cases import Reason
from recovery.case.policy.states import State
from recovery.desk.flows import desk, evidence
from recovery.desk.policy import Outcome, WhyRejected
from recovery.models import Case, RecoveryAddress, Shown
from tests import factories, mailed
from tests.accounts.staff.people import Member
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, open_link, prove, refused, stay, the_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


def raw(case: Case, **columns: object) -> None:
    """Past every flow."""
    with transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**columns)


def state(case: Case) -> str:
    return str(Case.objects.values_list("state", flat=True).get(pk=case.pk))


# The second person


@pytest.mark.control("v5.0.0-2.3.5")
def test_the_proposer_never_approves_whatever_roles_they_hold(team: Desk) -> None:
    team.ann = Member(Role.AGENT, Role.APPROVER)
    case = team.begin(team.bea)
    team.ask_read_back(case, who=team.bea)
    team.read_back(case, who=team.bea)
    team.call(case, who=team.bea)
    evidence.ask_document(case, team.bea.user, team.bea.session, by=team.bea.by, at=clock.now())
    third = Member(Role.AGENT)
    look(third, team.customer)
    Shown.objects.create(case=case, way="document", at=clock.now(), by=third.pk)
    look(team.ann, team.customer)
    case = team.propose(case)
    assert refused(team.approve, case, team.ann) is Reason.SAME_PERSON
    with pytest.raises(IntegrityError, match="case_approved_by_another"):
        raw(case, approved_by=team.ann.pk, approved_at=clock.now())
    assert team.approve(case).state == State.COOLING_OFF


@pytest.mark.control("v5.0.0-2.3.5")
@pytest.mark.parametrize("part", ["opened", "asked", "noted"])
def test_whoever_had_part_in_the_evidence_never_approves(team: Desk, part: str) -> None:
    both = Member(Role.AGENT, Role.APPROVER)
    case = team.begin(both if part == "opened" else team.bea)
    look(team.bea, team.customer)
    look(team.ann, team.customer)
    if part == "asked":
        look(both, team.customer)
        evidence.ask_document(case, both.user, both.session, by=both.by, at=clock.now())
    team.code(case)
    team.call(case, who=team.bea)
    if part == "noted":
        look(both, team.customer)
        evidence.ask_document(case, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())
        args = case, Outcome.CONFIRMED, both.user, both.session
        evidence.check_document(*args, by=both.by, at=clock.now())
    else:
        Shown.objects.create(case=case, way="document", at=clock.now(), by=team.ann.pk)
    case = team.propose(case)
    assert refused(team.approve, case, both) is Reason.NOTED_EVIDENCE
    with pytest.raises(IntegrityError):
        raw(case, approved_by=both.pk, approved_at=clock.now())
    assert team.approve(case).state == State.COOLING_OFF


@pytest.mark.parametrize(
    "columns",
    [
        {"opened_by": None},
        {"opened_by": "bea"},
        {"proposed_by": "bea"},
        {"proposed_by": None, "proposed_at": None, "release_to": ""},
        {"release_to": "x" * 64},
        {"state": "approved"},
        {"state": "cooling_off"},
        {"state": "completed", "ended_at": "now"},
        {"key_digest": "x" * 64},
        {"approved_by": "customer", "approved_at": "now"},
    ],
    ids="+".join,
)
def test_the_database_refuses_what_no_flow_does(team: Desk, columns: dict[str, object]) -> None:
    case = team.proposed()
    meant = {"bea": team.bea.pk, "customer": team.customer.pk, "now": clock.now()}
    with pytest.raises(IntegrityError):
        raw(case, **{key: meant.get(value, value) for key, value in columns.items()})  # type: ignore[call-overload]


def test_who_approved_is_never_rewritten(team: Desk) -> None:
    case = team.approved()
    for columns in ({"approved_by": team.bea.pk}, {"approved_by": None, "approved_at": None}):
        with pytest.raises(IntegrityError):
            raw(case, **columns)


# Where little was shown


@pytest.fixture
def alone(team: Desk) -> Desk:
    """The customer has neither a phone nor a contact: a mailbox and a document are all there is."""
    RecoveryAddress.objects.all().delete()
    return team


@pytest.mark.control("v5.0.0-6.4.4", "v5.0.0-2.3.5")
def test_a_mailbox_and_a_document_lead_back_with_two_who_approve_and_the_longest_wait(alone: Desk) -> None:
    case, other = alone.propose(alone.little()), Member(Role.APPROVER)
    case = alone.approve(case)
    assert (case.state, case.approved_by, case.ready_at) == (State.PROPOSED, alone.ben.pk, None)
    assert {mail.to for mail in steps.news("approved_once")} == {alone.customer.email}
    assert refused(alone.approve, case) is Reason.APPROVED_ALREADY
    case = alone.approve(case, other)
    assert (case.state, case.seconded_by) == (State.COOLING_OFF, other.pk)
    assert case.ready_at is not None
    assert case.ready_at - clock.now() > timedelta(days=6, hours=23)
    with steps.later(days=6, hours=23):
        assert tasks.sweep() == 0
    with steps.later(days=7, minutes=1):
        assert tasks.sweep() == 1
        person = steps.Person(Client())
        open_link(person.client, the_link())
        assert "Your account is yours again" in person.finish().text
    assert state(case) == State.COMPLETED


@pytest.mark.parametrize("who", ["proposer", "opener", "noter", "customer"])
def test_the_third_had_no_part_in_it_either(alone: Desk, who: str) -> None:
    case = alone.approve(alone.propose(alone.little()))
    people = {"proposer": alone.ann, "opener": alone.ann, "noter": alone.bea}
    key = alone.customer.pk if who == "customer" else people[who].pk
    if who != "customer":
        people[who].user.groups.add(Group.objects.get(name=Role.APPROVER.value))
        assert refused(alone.approve, case, people[who]) in {Reason.SAME_PERSON, Reason.NOTED_EVIDENCE}
    with pytest.raises(IntegrityError):
        raw(case, seconded_by=key, seconded_at=clock.now())
    assert state(case) == State.PROPOSED


def test_nothing_goes_on_without_the_third_where_it_takes_two(alone: Desk) -> None:
    case = alone.approve(alone.propose(alone.little()))
    for columns in ({"state": State.APPROVED}, {"state": State.COOLING_OFF}, {"takes_two": False}):
        with pytest.raises(IntegrityError):
            raw(case, **columns)
    with pytest.raises(IntegrityError):
        raw(case, state=State.COMPLETED, ended_at=clock.now())


def test_the_first_of_two_counts_only_while_they_are_an_approver(alone: Desk) -> None:
    case = alone.approve(alone.propose(alone.little()))
    alone.ben.user.groups.clear()
    assert refused(alone.approve, case, Member(Role.APPROVER)) is Reason.APPROVER_GONE
    assert state(case) == State.PROPOSED


def test_a_call_shortens_it_and_never_completes_it(team: Desk) -> None:
    case = team.begin()
    team.call(case)
    team.document(case)
    assert refused(team.propose, case) is Reason.NOT_ENOUGH
    team.code(case)
    case = team.approve(team.propose(case))
    assert case.state == State.COOLING_OFF
    assert case.ready_at is not None
    assert case.ready_at - clock.now() < timedelta(days=4)


def test_after_an_undo_that_locked_an_account_without_a_second_factor_the_same_leads_back(alone: Desk) -> None:
    """The mailbox alone opens nothing any more, and nothing else is left."""
    Totp.objects.filter(user=alone.customer).delete()
    User.objects.filter(pk=alone.customer.pk).update(locked_at=clock.now(), way_back="recovery")
    alone.customer.refresh_from_db()
    case = alone.approve(alone.propose(alone.little()))
    alone.approve(case, Member(Role.APPROVER))
    with steps.later(days=7, minutes=1):
        tasks.sweep()
        person = steps.Person(Client())
        open_link(person.client, the_link())
        assert "Your account is yours again" in person.finish().text
    alone.customer.refresh_from_db()
    assert alone.customer.is_open


# What both must show


@pytest.mark.control("v5.0.0-2.3.5")
def test_both_need_a_second_factor_shown_lately_in_this_session(team: Desk) -> None:
    case = team.little()
    team.call(case)
    with steps.later(minutes=10):
        stay(team.ann)
        with pytest.raises(ProveMore) as stale:
            team.propose(case)
        assert stale.value.within == 600
        prove(team.ann)
        case = team.propose(case)
    with steps.later(minutes=12):
        stay(team.ben)
        with pytest.raises(ProveMore):
            team.approve(case)
        assert state(case) == State.PROPOSED
        prove(team.ben)
        assert team.approve(case).state == State.COOLING_OFF


def test_a_session_with_a_password_alone_does_nothing(team: Desk) -> None:
    weak = factories.signed_in(Client(), team.ann.user, (Method.PASSWORD,))
    team.ann.session = weak
    with pytest.raises(ProveMore):
        team.begin()


def test_an_ended_session_or_a_locked_account_of_staff_does_nothing(team: Desk) -> None:
    case = team.proposed()
    Session.objects.filter(pk=team.ben.session.pk).update(ended_at=clock.now())
    assert refused(team.approve, case) is gate.Reason.SESSION_OVER
    other = Member(Role.APPROVER)
    User.objects.filter(pk=other.pk).update(locked_at=clock.now(), way_back="mailbox")
    assert refused(team.approve, case, other) is gate.Reason.ACCOUNT_CLOSED


# Roles, as they stand at that moment


def test_a_role_that_was_lost_meanwhile_does_nothing(team: Desk) -> None:
    case = team.begin()
    team.ann.user.groups.clear()
    assert refused(team.ask_read_back, case) is Reason.NOT_YOUR_ROLE


def test_a_proposer_who_is_no_agent_any_more_stands_for_nothing(team: Desk) -> None:
    case = team.proposed()
    roles.revoke_role(team.ann.user, Role.AGENT, by=Actor.system(), at=clock.now())
    assert refused(team.approve, case) is Reason.PROPOSER_GONE


@pytest.mark.control("v5.0.0-2.3.5")
def test_nobody_approves_by_break_glass(team: Desk) -> None:
    case, other = team.proposed(), Member(Role.AGENT)
    break_glass.take(Role.APPROVER, WhyGlass.NOBODY_THERE, other.user, other.session, by=other.by, at=clock.now())
    assert refused(team.approve, case, other) is Reason.NOT_YOUR_ROLE
    other.user.groups.add(Group.objects.get(name=Role.APPROVER.value))
    assert team.approve(case, other).state == State.COOLING_OFF


# What ends it


def test_a_proposal_that_nobody_approved_expires(team: Desk) -> None:
    case = team.proposed()
    with steps.later(hours=24, minutes=1):
        assert refused(team.approve, case, Member(Role.APPROVER)) is Reason.PROPOSAL_OLD
        assert tasks.sweep() == 1
    assert state(case) == State.EXPIRED
    assert len(steps.news("expired")) == 2


@pytest.mark.parametrize("who", ["ann", "ben"])
def test_the_proposer_takes_it_back_and_the_approver_says_no(team: Desk, who: str) -> None:
    case, person = team.proposed(), getattr(team, who)
    args = case, WhyRejected.NOT_CONVINCED, person.user, person.session
    desk.reject(*args, by=person.by, at=clock.now())
    assert state(case) == State.REJECTED
    assert refused(team.approve, case) is Reason.NOT_POSSIBLE
    entry = AuditEntry.objects.get(name="recovery.rejected")
    assert entry.data["reason"] == "not_convinced"


def test_another_agent_does_not_reject_a_proposal(team: Desk) -> None:
    case, bea = team.proposed(), team.bea
    args = case, WhyRejected.NOT_CONVINCED, bea.user, bea.session
    assert refused(desk.reject, *args, by=bea.by, at=clock.now()) is Reason.NOT_YOUR_ROLE


def test_an_approver_stops_it_while_it_waits(team: Desk) -> None:
    case, ben = team.approved(), team.ben
    desk.reject(case, WhyRejected.SUSPECTED_FRAUD, ben.user, ben.session, by=ben.by, at=clock.now())
    assert state(case) == State.REJECTED


def test_staff_do_not_stop_what_the_customer_began_alone(team: Desk) -> None:
    person = steps.Person(Client())
    person.two_codes(team.customer.email)
    case, ben = steps.case_of(team.customer), team.ben
    args = case, WhyRejected.MISTAKE, ben.user, ben.session
    assert refused(desk.reject, *args, by=ben.by, at=clock.now()) is Reason.NOT_HELPED


@pytest.mark.parametrize("step", ["desk_opened", "proposed", "desk_waits"])
def test_every_message_stops_it_without_signing_in(team: Desk, step: str) -> None:
    case = team.approved()
    browser = Client()
    browser.get(steps.path(steps.news(step)[0].words["link"]))
    assert state(case) == State.COOLING_OFF
    assert browser.post(mailed.page(browser, "/recover/stop/")).status_code == 200
    assert state(case) == State.CANCELLED
    with steps.later(days=8):
        assert tasks.sweep() == 0
    assert not [mail for mail in factories.outbox() if mail.kind == "recovery_finish"]


def test_a_cancelled_proposal_is_not_approved(team: Desk) -> None:
    case = team.proposed()
    wait.cancel_here(case, by=Actor.system(), at=clock.now())
    assert refused(team.approve, case) is Reason.NOT_POSSIBLE


def test_a_strong_sign_in_of_the_customer_ends_it(team: Desk) -> None:
    case = team.approved()
    with steps.later(hours=1):
        factories.signed_in(Client(), team.customer, (Method.PASSWORD, Method.TOTP), clock.now())
        assert tasks.sweep() == 1
    assert state(case) == State.EXPIRED


# Where the link goes


def test_a_channel_that_changed_before_the_call_cannot_be_chosen(team: Desk) -> None:
    User.objects.filter(pk=team.customer.pk).update(email_changed_at=clock.now() - timedelta(hours=1))
    team.customer.refresh_from_db()
    case = team.begin()
    team.code(case, "sms")
    team.document(case)
    assert {each.by for each in desk.channels(case)} == {"sms"}
    key = addresses._channel(team.customer, Medium.MAIL, team.customer.email).id
    args = case, key, team.ann.user, team.ann.session
    assert refused(desk.propose, *args, by=team.ann.by, at=clock.now()) is Reason.NO_CHANNEL


def test_one_that_is_new_in_the_call_cannot_be_chosen(team: Desk) -> None:
    case = team.begin()
    at = clock.now()
    RecoveryAddress.objects.create(
        customer=team.customer, kind="mail", address="new@example.com", proven_at=at, usable_from=at + timedelta(days=3)
    )
    with steps.later(days=4):
        assert "new@example.com" not in {each.address for each in desk.channels(case)}


def test_a_change_of_the_chosen_one_ends_the_case(team: Desk) -> None:
    case = team.approved()
    User.objects.filter(pk=team.customer.pk).update(email_changed_at=clock.now())
    with steps.later(days=8):
        assert tasks.sweep() == 1
    assert state(case) == State.EXPIRED
    assert not [mail for mail in factories.outbox() if mail.kind == "recovery_finish"]


def test_a_change_of_contact_before_makes_the_wait_longer(team: Desk) -> None:
    User.objects.filter(pk=team.customer.pk).update(contact_changed_at=clock.now() - timedelta(days=4))
    RecoveryAddress.objects.update(proven_at=clock.now() - timedelta(days=40))
    team.customer.refresh_from_db()
    case = team.approved()
    assert case.ready_at is not None
    assert case.ready_at - clock.now() > timedelta(days=2, hours=23)
