"""Two of the help desk, or one and the customer, at the same moment on a real database: one of them wins."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.roles import Role
from recovery.case.flows import wait
from recovery.case.policy.cases import Reason
from recovery.case.policy.states import State
from recovery.desk import policy as desk_policy
from recovery.desk.flows import claims, desk, release
from recovery.desk.policy import WhyRejected
from recovery.models import Case
from tests.accounts.staff.people import Member
from tests.at_once import together
from tests.recovery.case.test_races import complete
from tests.recovery.desk.people import Desk, the_link

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
KEY = "k" * 43
STRANGER = Actor(ActorKind.STRANGER, None, Channel.WEB)


@pytest.fixture
def team() -> Desk:
    """Emptying the database after a test that commits takes the roles' groups along."""
    for role in Role:
        Group.objects.get_or_create(name=role.value)
    return Desk()


def approval(team: Desk, case: Case, who: Member) -> Callable[[], object]:
    return lambda: team.approve(case, who)


def cancelling(case: Case) -> Callable[[], object]:
    return lambda: wait.cancel_here(case, by=STRANGER, at=clock.now())


@pytest.mark.control("v5.0.0-2.3.4")
def test_of_two_approvals_one_counts(team: Desk) -> None:
    case, other = team.proposed(), Member(Role.APPROVER)
    answers = together(approval(team, case, team.ben), approval(team, case, other))
    assert sorted(answers) == [Reason.NOT_POSSIBLE.value, "done"]
    case.refresh_from_db()
    assert case.approved_by == (team.ben, other)[answers.index("done")].pk
    assert AuditEntry.objects.filter(name="recovery.approved").count() == 1


def test_of_two_who_take_a_case_one_gets_it(team: Desk) -> None:
    case = team.begin()
    claims.let_go(case, team.ann.user, team.ann.session, by=team.ann.by, at=clock.now())

    def taking(who: Member) -> Callable[[], object]:
        return lambda: claims.take(case, None, who.user, who.session, by=who.by, at=clock.now())

    answers = together(taking(team.ann), taking(team.bea))
    assert sorted(answers) == [desk_policy.Reason.CLAIMED.value, "done"]
    case.refresh_from_db()
    assert case.claimed_by == (team.ann, team.bea)[answers.index("done")].pk
    assert AuditEntry.objects.filter(name="recovery.desk_took").count() == 1


@pytest.mark.control("v5.0.0-2.3.4")
def test_a_cancel_against_an_approval_always_stops_it(team: Desk) -> None:
    case = team.proposed()
    answers = together(cancelling(case), approval(team, case, team.ben))
    case.refresh_from_db()
    assert answers[0] == "done"  # before the approval or after it
    assert case.state == State.CANCELLED
    assert answers[1] in {"done", Reason.NOT_POSSIBLE.value}


def test_a_no_against_a_yes_has_one_winner_or_the_no_comes_after(team: Desk) -> None:
    case, ann = team.proposed(), team.ann

    def no() -> object:
        return desk.reject(case, WhyRejected.MISTAKE, ann.user, ann.session, by=ann.by, at=clock.now())

    answers = together(no, approval(team, case, team.ben))
    case.refresh_from_db()
    assert answers[0] == "done"
    assert case.state == State.REJECTED


def test_two_agents_open_one_case(team: Desk) -> None:
    answers = together(lambda: team.begin(), lambda: team.begin(team.bea))  # noqa: PLW0108  (verbs of no arguments)
    assert sorted(answers) == ["desk_already_running", "done"]
    assert Case.objects.live().count() == 1


def ready(team: Desk) -> Case:
    """A case whose wait is over, with its link on the way."""
    case, then = team.approved(), clock.now() - timedelta(days=8)
    Case.objects.filter(pk=case.pk).update(cooling_since=then, opened_at=then)
    return wait.say_ready(case, by=Actor.system(), at=clock.now())


@pytest.mark.control("v5.0.0-2.3.4")
def test_of_two_uses_of_the_link_one_counts(team: Desk) -> None:
    ready(team)
    secret = the_link().rstrip("/").rsplit("/", 1)[1]
    keys = ["a" * 43, "b" * 43]

    def claim(key: str) -> Callable[[], object]:
        return lambda: release.claim(secret, key, by=STRANGER, at=clock.now())

    answers = together(*(claim(key) for key in keys))
    assert sorted(answers) == [Reason.LINK_DEAD.value, "done"]
    winner = keys[answers.index("done")]
    assert codes.matches(winner, "recovery key", Case.objects.get().key_digest)


@pytest.mark.control("v5.0.0-2.3.4")
def test_of_two_completions_one_counts(team: Desk) -> None:
    case = ready(team)
    secret = the_link().rstrip("/").rsplit("/", 1)[1]
    Case.objects.update(lost=[])  # the app is still there: a password is all that is new
    release.claim(secret, KEY, by=STRANGER, at=clock.now())
    answers = together(
        complete(case, "seven lamps of quiet harbour 1"), complete(case, "seven lamps of quiet harbour 2")
    )
    assert sorted(answers) == [Reason.NOT_POSSIBLE.value, "done"]
    assert AuditEntry.objects.filter(name="recovery.completed").count() == 1
