"""Two guardians of one child: who comes and goes, less at once, more together, and what our staff decide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.roles import Role
from consent.delegation import facts as delegations
from consent.delegation.policy import may_act
from consent.delegation.shapes import Asked
from consent.erasure import flows as erasure
from consent.family import flows, policy
from consent.family.policy import Agreeing, Case, Consenting, Guarding, Joining, Reason, Staff
from consent.family.shapes import Method, Removing
from consent.models import (
    ConsentRecord,
    Delegation,
    Dependant,
    FamilyRequest,
    Membership,
    ParentalResponsibility,
    Removal,
)
from consent.purposes import facts as purposes
from consent.records.flows import Saying
from consent.records.policy import GivenBy, Says
from tests import at_once
from tests.accounts.staff.people import Member
from tests.consent.delegation.conftest import Party
from tests.consent.family.conftest import row_of

pytestmark = pytest.mark.django_db
NOON, RULES = datetime(2026, 11, 27, 12, tzinfo=UTC), limits.load()
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
NEWS, APPOINTMENT = "product_news", "partner.appointment"
ONE, TWO, THREE = uuid4(), uuid4(), uuid4()

GUARDS = Guarding(
    is_guardian=True, is_protected=False, waits=False, is_own=False, is_delegable=True, adult_at=NOON + DAY
)
BOTH = replace(GUARDS, others=1)
JOINS = Joining(
    is_theirs=True, is_open=True, expires_at=NOON + DAY, is_guardian=False, has_second_step=True, is_grown_up=True,
    says_responsible=True, guardians=1, adult_at=NOON + DAY,
)  # fmt: skip
AGREES = Agreeing(
    is_guardian=True, is_asker=False, is_open=True, expires_at=NOON + DAY, is_protected=False, is_current=True
)
WAITS = Case(Removing.WAITING, NOON, concerned=(ONE,))
PROPOSED = Case(Removing.PROPOSED, NOON, first=TWO, concerned=(ONE,))
DESK = Staff(THREE, is_desk=True, decides=True)


@pytest.mark.parametrize(
    ("question", "facts", "answer"),
    [
        (policy.may_invite, (GUARDS,), Allow()),
        (policy.may_invite, (replace(GUARDS, is_guardian=False),), Deny(Reason.NOT_YOURS)),
        (policy.may_invite, (replace(GUARDS, is_protected=True),), Deny(Reason.PROTECTED)),
        (policy.may_invite, (replace(GUARDS, adult_at=NOON),), Deny(Reason.GROWN_UP)),
        (policy.may_invite, (BOTH,), Deny(Reason.TWO)),
        (policy.may_invite, (replace(GUARDS, waits=True),), Deny(Reason.INVITED)),
        (policy.may_invite, (replace(GUARDS, is_own=True),), Deny(Reason.OWN)),
        (policy.may_join, (JOINS,), Allow()),
        (policy.may_join, (replace(JOINS, is_theirs=False),), Deny(Reason.NOT_FOR_YOU)),
        (policy.may_join, (replace(JOINS, is_open=False),), Deny(Reason.NOT_OPEN)),
        (policy.may_join, (replace(JOINS, expires_at=NOON),), Deny(Reason.NOT_OPEN)),
        (policy.may_join, (replace(JOINS, is_guardian=True),), Deny(Reason.ALREADY)),
        (policy.may_join, (replace(JOINS, has_second_step=False),), Deny(Reason.NO_SECOND_STEP)),
        (policy.may_join, (replace(JOINS, is_grown_up=False),), Deny(Reason.NOT_ADULT)),
        (policy.may_join, (replace(JOINS, says_responsible=False),), Deny(Reason.NOT_RESPONSIBLE)),
        (policy.may_join, (replace(JOINS, adult_at=NOON),), Deny(Reason.GROWN_UP)),
        (policy.may_join, (replace(JOINS, guardians=2),), Deny(Reason.TWO)),
        (policy.may_refuse, (replace(JOINS, says_responsible=False, has_second_step=False),), Allow()),
        (policy.may_limit, (BOTH,), Allow()),
        (policy.may_limit, (replace(BOTH, is_guardian=False),), Deny(Reason.NOT_YOURS)),
        (policy.may_widen, (GUARDS,), Allow()),
        (policy.may_widen, (BOTH,), Hold(Reason.ASK_OTHER)),
        (policy.may_widen, (replace(BOTH, waits=True),), Deny(Reason.ASKED)),
        (policy.may_widen, (replace(GUARDS, is_delegable=False),), Deny(Reason.NEVER)),
        (policy.may_agree, (AGREES,), Allow()),
        (policy.may_agree, (replace(AGREES, is_asker=True),), Deny(Reason.NOT_YOURS)),
        (policy.may_agree, (replace(AGREES, expires_at=NOON),), Deny(Reason.NOT_OPEN)),
        (policy.may_agree, (replace(AGREES, is_protected=True),), Deny(Reason.PROTECTED)),
        (policy.may_agree, (replace(AGREES, is_current=False),), Deny(Reason.NOT_CURRENT)),
        (policy.may_answer, (replace(AGREES, is_asker=True, is_current=False),), Allow()),
        (policy.may_answer, (replace(AGREES, is_open=False),), Deny(Reason.NOT_OPEN)),
        (policy.may_leave, (GUARDS,), Deny(Reason.LAST)),
        (policy.may_leave, (replace(BOTH, is_protected=True),), Allow()),
        (policy.may_ask_removal, (GUARDS,), Deny(Reason.NO_OTHER)),
        (policy.may_ask_removal, (replace(BOTH, waits=True),), Deny(Reason.ASKED)),
        (policy.may_ask_removal, (BOTH,), Allow()),
        (policy.may_propose_removal, (WAITS, DESK), Allow()),
        (policy.may_propose_removal, (replace(WAITS, ready_at=NOON + SECOND), DESK), Deny(Reason.COOLING_OFF)),
        (policy.may_propose_removal, (PROPOSED, DESK), Deny(Reason.NOT_OPEN)),
        (policy.may_propose_removal, (WAITS, replace(DESK, is_desk=False)), Deny(Reason.NOT_DESK)),
        (policy.may_propose_removal, (WAITS, replace(DESK, id=ONE)), Deny(Reason.NOT_DESK)),
        (policy.may_decide_removal, (PROPOSED, DESK), Allow()),
        (policy.may_decide_removal, (WAITS, DESK), Deny(Reason.NOT_PROPOSED)),
        (policy.may_decide_removal, (PROPOSED, replace(DESK, id=TWO)), Deny(Reason.SAME_PERSON)),
        (policy.may_decide_removal, (PROPOSED, replace(DESK, decides=False)), Deny(Reason.NOT_APPROVER)),
        (policy.may_protect, (WAITS, replace(DESK, decides=False)), Allow()),
        (policy.may_protect, (replace(WAITS, is_protected=True), DESK), Deny(Reason.ASKED)),
        (policy.may_lift_protection, (replace(PROPOSED, is_protected=True), DESK), Allow()),
        (policy.may_lift_protection, (PROPOSED, DESK), Deny(Reason.NOT_OPEN)),
        (policy.may_lift_protection, (replace(PROPOSED, is_protected=True), replace(DESK, id=TWO)),
         Deny(Reason.SAME_PERSON)),
    ],
)  # fmt: skip
def test_two_guardians_and_our_staff(
    question: Callable[..., Decision], facts: tuple[Any, ...], answer: Decision
) -> None:
    assert question(*facts, limits=RULES, at=NOON) == answer


def test_a_yes_takes_both_and_a_no_one() -> None:
    asked = Consenting(is_guardian=True, is_protected=False, consent_at=NOON + DAY, adult_at=NOON + 2 * DAY, others=1)
    assert policy.may_consent(asked, limits=RULES, at=NOON) == Hold(Reason.ASK_OTHER)
    assert policy.may_consent(replace(asked, says_yes=False), limits=RULES, at=NOON) == Allow()


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as found:
        verb()
    return found.value.reason


def invite(ada: Party, child: Dependant, address: str = "bob@example.com") -> FamilyRequest:
    return flows.invite(child, ada.user, ada.session, address, by=ada.by, at=clock.now())


def join(request: FamilyRequest, who: Party, *, adult: bool = True) -> ParentalResponsibility:
    return flows.join(request, who.user, who.session, adult=adult, responsible=True, by=who.by, at=clock.now())


@pytest.fixture
def too(ada: Party, bob: Party, child: Dependant) -> ParentalResponsibility:
    """Bob answers for her too."""
    return join(invite(ada, child), bob)


def may(found: ParentalResponsibility) -> Decision:
    at = clock.now()
    return may_act(delegations.acting(row_of(found).pk, at=at), limits=limits.current(), at=at)


@pytest.mark.control("v5.0.0-8.2.1")
def test_a_second_guardian_is_invited_by_an_address_and_sees_nothing_of_the_first(
    ada: Party, bob: Party, party: Callable[..., Party], child: Dependant, outbox: Any
) -> None:
    User.objects.filter(pk=ada.user.pk).update(name="Ada Lovelace")
    assert refused(lambda: invite(ada, child, "ada+x@example.com")) == Reason.OWN
    request = invite(ada, child)
    (mail,) = [mail for mail in outbox() if mail.kind == "family_invitation"]
    assert "Mia" not in str(mail.words)
    assert refused(lambda: invite(ada, child, "eve@example.com")) == Reason.INVITED
    assert refused(lambda: join(request, party("eve@example.com"))) == Reason.NOT_FOR_YOU
    assert refused(lambda: join(request, bob, adult=False)) == Reason.NOT_ADULT
    page = reverse("consent:family_request", args=[request.pk])
    assert b"I am an adult" in bob.client.get(page).content
    assert bob.client.post(page, {"says_adult": "on", "says_responsible": "on"}).status_code == 302
    assert bob.client.post(page, {"says_adult": "on", "says_responsible": "on"}).status_code == 410
    too = ParentalResponsibility.objects.get(guardian=bob.user)
    assert (too.method, may(too), row_of(too).terms) == (
        Method.INVITED, Allow(), row_of(ParentalResponsibility.objects.get(guardian=ada.user)).terms,
    )  # fmt: skip
    assert Membership.objects.filter(person=child.person).values("family").distinct().count() == 2
    for path in (reverse("consent:family"), reverse("consent:family_child", args=[too.pk])):
        shown = bob.client.get(path).content.decode()
        assert "Mia" in shown
        assert "ada@" not in shown
        assert "Lovelace" not in shown
    assert ada.client.get(reverse("consent:family_child", args=[too.pk])).status_code == 404


def test_either_allows_less_at_once_and_more_takes_both(
    ada: Party, bob: Party, child: Dependant, mia: ParentalResponsibility, too: ParentalResponsibility
) -> None:
    assert APPOINTMENT in row_of(mia).actions
    flows.limit(child, bob.user, APPOINTMENT, by=bob.by, at=clock.now() + DAY)  # no proof is asked for

    def can() -> set[bool]:
        return {APPOINTMENT in each.actions for each in Delegation.objects.filter(owner=child.person)}

    assert can() == {False}
    with pytest.raises(ProveMore):
        flows.widen(child, ada.user, ada.session, APPOINTMENT, by=ada.by, at=clock.now() + timedelta(minutes=11))
    assert (
        refused(lambda: flows.widen(child, ada.user, ada.session, "partner.payment", by=ada.by, at=clock.now()))
        == Reason.NEVER
    )
    assert flows.widen(child, ada.user, ada.session, APPOINTMENT, by=ada.by, at=clock.now()) is False
    request = FamilyRequest.objects.get(state=Asked.OPEN)
    assert can() == {False}
    agree = reverse("consent:family_agree", args=[request.pk])
    assert refused(lambda: flows.agree(request, ada.user, ada.session, by=ada.by, at=clock.now())) == Reason.NOT_YOURS
    assert b"Make, move and cancel" in bob.client.get(reverse("consent:family")).content
    assert bob.client.post(agree).status_code == 302
    assert can() == {True}
    assert bob.client.post(agree).status_code != 500
    assert sorted(FamilyRequest.objects.values_list("state", flat=True)) == [Asked.GRANTED, Asked.GRANTED]


def yes(found: ParentalResponsibility, says: Says = Says.YES) -> Any:
    row, at = row_of(found), clock.now()
    by = Actor(ActorKind.CUSTOMER, row.delegate_id, Channel.WEB).for_owner(row.owner_id)
    return flows.answer(row, Saying(NEWS, says, purposes.active(at)[NEWS].version), by=by, at=at)


def test_a_yes_for_the_child_waits_for_the_other_guardian(
    ada: Party, bob: Party, mia: ParentalResponsibility, too: ParentalResponsibility
) -> None:
    assert yes(mia) is None
    assert not ConsentRecord.objects.filter(subject=mia.child).exists()
    assert yes(mia) is None  # again: the first one gives way
    request = FamilyRequest.objects.get(state=Asked.OPEN)
    flows.agree(request, bob.user, bob.session, by=bob.by, at=clock.now())
    record = ConsentRecord.objects.get(subject=mia.child)
    assert (record.state, record.given_by, record.actor) == ("given", GivenBy.GUARDIAN, bob.user.pk)
    assert yes(too, Says.NO).state == "withdrawn"
    assert yes(too) is None
    request = FamilyRequest.objects.get(state=Asked.OPEN)
    assert refused(lambda: flows.lapse(request, by=Actor.system(), at=request.expires_at - SECOND)) == Reason.NOT_OPEN
    flows.refuse(request, ada.user, by=ada.by, at=clock.now())
    assert ConsentRecord.objects.get(subject=mia.child).state == "withdrawn"


def test_one_of_two_leaves_and_the_last_cannot(
    ada: Party, bob: Party, mia: ParentalResponsibility, too: ParentalResponsibility, outbox: Any
) -> None:
    assert bob.client.post(reverse("consent:family_leave", args=[too.pk])).status_code == 302
    assert may(too) != Allow()
    assert Membership.objects.filter(person=mia.child, until_at=None).count() == 1
    assert refused(lambda: flows.leave(mia, ada.user, by=ada.by, at=clock.now())) == Reason.LAST
    assert [mail.to for mail in outbox() if mail.words.get("what") == "left"] == ["ada@example.com"]
    assert bob.client.get(reverse("consent:family_child", args=[too.pk])).status_code == 404


def test_who_is_about_to_delete_their_account_does_not_count_as_the_other(
    ada: Party, bob: Party, mia: ParentalResponsibility, too: ParentalResponsibility
) -> None:
    erasure.ask(bob.user, bob.session, by=bob.by, at=clock.now())
    assert refused(lambda: flows.leave(mia, ada.user, by=ada.by, at=clock.now())) == Reason.LAST
    with pytest.raises(Refused):
        erasure.ask(ada.user, ada.session, by=ada.by, at=clock.now())


def test_a_removal_takes_days_and_two_of_our_staff(
    ada: Party, bob: Party, child: Dependant, mia: ParentalResponsibility, too: ParentalResponsibility,
    staff: Callable[..., Member], outbox: Any,
) -> None:  # fmt: skip
    assert ada.client.post(reverse("consent:family_removal", args=[mia.pk])).status_code == 302
    removal = Removal.objects.get()
    assert removal.guardian == bob.user
    answer = reverse("consent:family_answer_removal", args=[removal.pk])
    assert bob.client.post(answer).status_code == 302
    removal.refresh_from_db()
    assert removal.objected_at is not None
    agent, approver = staff(Role.AGENT), staff(Role.APPROVER)

    def propose(who: Member, at: datetime) -> None:
        flows.removal.propose(removal, who.user, who.session, removes=True, by=who.by, at=at)

    def decide(who: Member) -> None:
        flows.removal.decide(removal, who.user, who.session, agrees=True, by=who.by, at=clock.now())

    assert refused(lambda: propose(agent, clock.now())) == Reason.COOLING_OFF
    Removal.objects.update(ready_at=clock.now())
    propose(approver, clock.now())
    assert refused(lambda: decide(approver)) == Reason.SAME_PERSON
    assert refused(lambda: decide(agent)) == Reason.NOT_APPROVER
    assert may(too) == Allow()
    decide(staff(Role.APPROVER))
    assert (may(mia), may(too) == Allow()) == (Allow(), False)
    assert Removal.objects.get().state == Removing.REMOVED
    assert [mail.to for mail in outbox() if mail.words.get("what") == "removed"] == [ada.user.email, bob.user.email]


def test_our_staff_pause_all_guardians_at_once_and_a_second_one_ends_it(
    ada: Party, child: Dependant, mia: ParentalResponsibility, too: ParentalResponsibility, staff: Callable[..., Member]
) -> None:
    agent, approver = staff(Role.AGENT), staff(Role.APPROVER)
    flows.protection.protect(child, approver.user, approver.session, by=approver.by, at=clock.now())
    assert Allow() not in {may(mia), may(too)}
    assert refused(lambda: flows.limit(child, ada.user, APPOINTMENT, by=ada.by, at=clock.now())) == Reason.PROTECTED
    assert b"Paused by our staff" in ada.client.get(reverse("consent:family")).content
    for who, reason in ((approver, Reason.SAME_PERSON), (agent, Reason.NOT_APPROVER)):
        assert (
            refused(
                lambda who=who: flows.protection.lift(child, who.user, who.session, by=who.by, at=clock.now())  # type: ignore[misc]
            )
            == reason
        )
    other = staff(Role.APPROVER)
    flows.protection.lift(child, other.user, other.session, by=other.by, at=clock.now())
    assert {may(mia), may(too)} == {Allow()}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_two_who_leave_at_once_leave_one(
    ada: Party, bob: Party, mia: ParentalResponsibility, too: ParentalResponsibility
) -> None:
    at = clock.now()
    leaving = ((mia, ada), (too, bob))
    done = at_once.at_once(*(partial(flows.leave, found, who.user, by=who.by, at=at) for found, who in leaving))
    assert sorted(map(str, done)) == sorted(map(str, [None, Reason.LAST]))
    assert ParentalResponsibility.objects.live().count() == 1
