"""Two at the same moment: an owner always stays, and nobody waits for ever."""

from functools import partial

import pytest

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from consent.business import flows
from consent.business.models import Business, BusinessMember, BusinessRemoval
from consent.business.policy import Reason
from consent.business.shapes import Removal, Stands
from consent.delegation import flows as delegating
from consent.delegation.shapes import State
from consent.models import Delegation
from tests import at_once
from tests.consent.business.conftest import DAY, Joined, of
from tests.consent.delegation.conftest import Party

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
RULES = limits.load()


def test_two_owners_who_step_down_at_once_leave_one(acme: Business, ada: Party, bob: Party, joined: Joined) -> None:
    joined(bob, owner=True)
    at = clock.now()
    answers = at_once.together(
        lambda: flows.step_down(acme, ada.user, by=ada.by, at=at),
        lambda: flows.leave(acme, bob.user, by=bob.by, at=at),
    )
    assert sorted(answers) == [str(Reason.LAST_OWNER), "done"]
    assert BusinessMember.objects.owners().filter(business=acme).count() == 1


def test_of_two_owners_who_remove_each_other_one_stays(acme: Business, ada: Party, bob: Party, joined: Joined) -> None:
    row, at = joined(bob, owner=True), clock.now()
    cases = [
        flows.ask(row, ada.user, ada.session, by=ada.by, at=at),
        flows.ask(of(acme, ada), bob.user, bob.session, by=bob.by, at=at),
    ]
    late = at + RULES.business.objection_days * DAY
    carry = [partial(flows.carry_out, case, by=Actor.system(), at=late) for case in cases]
    answers = at_once.together(*carry)
    assert sorted(answers) == [str(Reason.NOT_WAITING), "done"]
    assert BusinessMember.objects.owners().filter(business=acme).count() == 1
    assert {each.state for each in BusinessRemoval.objects.all()} == {Removal.DONE, Removal.OFF}


def test_a_member_who_ends_it_and_an_owner_who_removes_them_at_once(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob), clock.now()
    delegation = row.delegation
    assert delegation is not None
    answers = at_once.together(
        lambda: flows.remove(row, ada.user, by=ada.by, at=at),
        lambda: delegating.end(delegation, by=bob.by, at=at),
    )
    assert "done" in answers
    assert of(acme, bob).stands == Stands.GONE
    assert Delegation.objects.get(pk=delegation.pk).state == State.ENDED
