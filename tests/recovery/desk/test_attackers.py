"""What an attacker inside or outside the help desk has, and what it must not reach."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Proof, Session, Totp
from accounts.staff.flows import break_glass
from accounts.staff.policy import WhyGlass
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from recovery.case import tasks
from recovery.case.policy.cases import Reason
from recovery.case.policy.evidence import Way, weight
from recovery.case.policy.states import State
from recovery.desk import policy as desk_policy
from recovery.desk.flows import evidence
from recovery.desk.policy import Outcome
from recovery.models import Case
from tests import factories
from tests.accounts.staff.people import Member
from tests.recovery import steps
from tests.recovery.desk.people import Desk, look, refused
from tests.recovery.steps import Person

pytestmark = [pytest.mark.django_db, pytest.mark.control("v5.0.0-2.3.5")]


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


@dataclass
class Tried:
    """How far it went."""

    case: Case
    weight: int


def tried(case: Case) -> Tried:
    """The case as it stands, and what its evidence weighs."""
    case.refresh_from_db()
    return Tried(case, weight(Way(way) for way in case.shown.values_list("way", flat=True)))


def untouched(team: Desk) -> bool:
    """Nothing of the account was changed, and there is no link to it, now or after any wait."""
    for days in (4, 9, 15):
        with steps.later(days=days):
            tasks.sweep()
            Person(Client()).finish()
    team.customer.refresh_from_db()
    kept = Totp.objects.get(user=team.customer).bin_key == steps.SEED
    no_link = not Proof.objects.filter(purpose="finish_recovery").exists()
    return kept and no_link and team.customer.check_password(factories.PASSWORD)


def test_one_bribed_agent_notes_a_false_call_and_gets_no_further(team: Desk) -> None:
    case = team.begin()
    team.call(case)
    refused(team.document, case, Outcome.CONFIRMED, team.ann)
    assert tried(case).weight == 3
    assert refused(team.propose, case) is Reason.NOT_ENOUGH
    assert refused(team.approve, case, team.ann) is Reason.NOT_YOUR_ROLE
    assert {mail.to for mail in steps.news("desk_opened")} == {team.customer.email, steps.PHONE}
    assert untouched(team)


def test_an_agent_with_the_mailbox_stays_below_the_weight(team: Desk) -> None:
    case = team.begin()
    team.call(case)
    team.ask_read_back(case)
    assert team.read_back(case)
    assert tried(case).weight == 5
    assert refused(team.propose, case) is Reason.NOT_ENOUGH
    assert untouched(team)


def test_an_agent_with_mailbox_and_number_does_too(team: Desk) -> None:
    case = team.begin()
    team.call(case)
    for kind in ("mail", "sms"):
        team.ask_read_back(case, kind)
        assert team.read_back(case)
    assert tried(case).weight == 5
    assert refused(team.propose, case) is Reason.NOT_ENOUGH


def test_an_agent_adds_nothing_to_what_a_mailbox_began(team: Desk) -> None:
    thief = Person(Client())
    thief.start(team.customer.email)
    thief.show("mail", steps.latest("recovery_code"))
    with steps.later(minutes=1):
        case = team.begin()
        team.call(case)
        assert tried(case).weight == 3
        assert refused(team.propose, case) is Reason.NOT_ENOUGH
        assert thief.client.get("/recover/finish/", follow=True).status_code == 410


def test_an_approver_alone_begins_and_notes_nothing(team: Desk) -> None:
    assert refused(team.begin, team.ben) is Reason.NOT_YOUR_ROLE
    case = team.begin()
    look(team.ben, team.customer)
    assert refused(team.call, case, Outcome.CONFIRMED, team.ben) is Reason.NOT_YOUR_ROLE
    assert refused(team.approve, case) is Reason.SAME_PERSON


def test_an_agent_and_an_approver_cannot_make_evidence(team: Desk) -> None:
    """Not even by break-glass: whoever notes for an hour has had part in it."""
    case, ben = team.begin(), team.ben
    team.call(case)
    team.code(case)
    break_glass.take(Role.AGENT, WhyGlass.OUTAGE, ben.user, ben.session, by=ben.by, at=clock.now())
    team.document(case, checker=ben)
    case = team.propose(case)
    assert refused(team.approve, case, ben) is Reason.NOTED_EVIDENCE
    assert untouched(team)


def test_two_agents_propose_and_nothing_comes_of_it(team: Desk) -> None:
    case = team.proposed()
    for who in (team.ann, team.bea):
        assert refused(team.approve, case, who) is Reason.NOT_YOUR_ROLE
    assert untouched(team)
    assert tried(case).case.state == State.EXPIRED


def test_an_administrator_approves_nothing(team: Desk) -> None:
    case, boss = team.proposed(), Member(Role.ADMINISTRATOR)
    assert refused(team.approve, case, boss) is Reason.NOT_YOUR_ROLE
    break_glass.take(Role.APPROVER, WhyGlass.ATTACK, boss.user, boss.session, by=boss.by, at=clock.now())
    assert refused(team.approve, case, boss) is Reason.NOT_YOUR_ROLE


@pytest.fixture
def stolen(team: Desk) -> Client:
    """A copy of a live session of the customer's."""
    client, at = Client(), clock.now()
    session = factories.signed_in(client, team.customer, (Method.PASSWORD, Method.TOTP), at - timedelta(hours=1))
    Session.objects.filter(pk=session.pk).update(last_used_at=at)
    return client


@pytest.mark.parametrize("proof", [{}, {"password": "a guess"}, {"password": factories.PASSWORD}], ids=str)
def test_an_agent_with_a_stolen_session_has_no_answer(team: Desk, stolen: Client, proof: dict[str, str]) -> None:
    """Not with the password either: for such a thief the app is "lost", and the call was never made."""
    case, ann = team.begin(), team.ann
    stands = (ann.user, ann.session)
    assert (
        refused(evidence.ask_in_session, case, *stands, by=ann.by, at=clock.now()) is desk_policy.Reason.NOTHING_THERE
    )
    stolen.post("/security/recovery/call/yes/", proof)
    team.call(case)
    assert tried(case).weight == 3
    assert refused(team.propose, case) is Reason.NOT_ENOUGH
    assert untouched(team)


def test_an_agent_with_session_password_mailbox_and_number_stays_below_it_too(team: Desk, stolen: Client) -> None:
    case = team.begin()
    stolen.post("/security/recovery/call/yes/", {"password": factories.PASSWORD})
    team.call(case)
    for kind in ("mail", "sms"):
        team.code(case, kind)
    assert tried(case).weight == 5
    assert refused(team.propose, case) is Reason.NOT_ENOUGH
    assert untouched(team)


def test_a_second_agent_who_is_bribed_with_the_mailbox_has_no_document(team: Desk) -> None:
    """An honest first agent asks for a check only of a document that they have seen themselves."""
    case = team.begin()
    look(team.bea, team.customer)
    team.code(case)
    team.call(case, who=team.bea)
    args = case, Outcome.CONFIRMED, team.bea.user, team.bea.session
    assert refused(evidence.check_document, *args, by=team.bea.by, at=clock.now()) is desk_policy.Reason.NOT_ASKED
    assert refused(team.propose, case, team.bea) is Reason.NOT_ENOUGH
