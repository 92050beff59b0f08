"""A business from its beginning to its end, on the real database: who may do what, who is told, and who races whom."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import Totp, User
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from consent.business import flows, tasks
from consent.business.lines import Shipped
from consent.business.models import Business, BusinessMember, BusinessRemoval
from consent.business.policy import Reason
from consent.business.shapes import Removal, Stands, Why
from consent.delegation import facts as delegations
from consent.delegation import flows as delegating
from consent.delegation import policy as delegating_policy
from consent.delegation.policy import Reason as NotDelegated
from consent.delegation.shapes import Act, Kind, Terms
from consent.erasure import flows as erasure
from consent.erasure.policy import Reason as NotErased
from consent.models import Delegation, Deletion
from tests.consent.business.conftest import DAY, Joined, of
from tests.consent.delegation.conftest import PAY, SEE, Party
from tests.factories import Message

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
RULES = limits.load()


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as found:
        verb()
    return found.value.reason


def may(row: Delegation | None, act: Act) -> object:
    assert row is not None
    at = clock.now()
    return delegating_policy.may_act(delegations.acting(row.pk, act, at=at), limits=limits.current(), at=at)


def told(outbox: Outbox, kind: str) -> list[tuple[str, str]]:
    return [(mail.to, mail.words["what"]) for mail in outbox() if mail.kind == f"business_{kind}"]


PAYS = Act(PAY, amount=3_000, currency="EUR")


@pytest.mark.control("v5.0.0-8.2.1")
def test_nobody_signs_in_to_a_business_and_its_members_act_by_ordinary_delegations(
    acme: Business, ada: Party, bob: Party, joined: Joined, outbox: Outbox
) -> None:
    account = acme.account
    assert not account.has_usable_password()
    assert account.email.endswith(f"@{mailbox.NOWHERE}")
    row = joined(bob)
    assert row.delegation is not None
    assert (row.delegation.kind, row.delegation.owner_id, row.delegation.delegate) == (Kind.MEMBER, acme.pk, bob.user)
    assert may(row.delegation, PAYS) == Allow()
    assert may(row.delegation, Act(PAY, amount=60_000, currency="EUR")) == Deny(NotDelegated.TOO_MUCH)
    assert may(of(acme, ada).delegation, PAYS) == Deny(NotDelegated.NOT_GRANTED)  # she looks on, and may change that
    assert all(mailbox.NOWHERE not in mail.to for mail in outbox())
    assert ("bob@example.com", "began") in [(m.to, m.words.get("what")) for m in outbox()]
    assert told(outbox, "for_owner") == [("ada@example.com", what) for what in ("founded", "invited", "joined")]
    about = set(AuditEntry.objects.filter(name="business.joined").values_list("about", flat=True))
    assert about == {acme.pk, bob.user.pk}


def test_an_invitation_says_nothing_of_whether_there_is_an_account(
    acme: Business, ada: Party, bob: Party, outbox: Outbox
) -> None:
    for address in (bob.user.email, "nobody@example.com"):
        flows.invite(acme, ada.user, ada.session, address, Shipped.BOOKS, by=ada.by, at=clock.now())
    mails = [mail for mail in outbox() if mail.kind == "business_invitation"]
    assert len({tuple(sorted(mail.words)) for mail in mails}) == 1
    assert all("Acme" not in str(mail.words) for mail in mails)  # nobody's own words go to strangers
    assert {row.person_id for row in BusinessMember.objects.filter(stands=Stands.INVITED)} == {None}
    invite = partial(flows.invite, acme, ada.user, ada.session, by=ada.by, at=clock.now())
    assert refused(lambda: invite("bob+b@example.com", Shipped.BOOKS)) == Reason.SAME
    assert refused(lambda: invite(ada.user.email, Shipped.BOOKS)) == Reason.OWN
    assert refused(lambda: invite("dan@example.com", "nothing")) == Reason.NO_ROLE


def test_who_joins_has_a_second_step_and_answers_for_themselves(
    acme: Business, ada: Party, party: Callable[..., Party]
) -> None:
    dan, eve, at = party("dan@example.com", second=False), party("eve@example.com"), clock.now()
    row = flows.invite(acme, ada.user, ada.session, dan.user.email, Shipped.BOOKS, by=ada.by, at=at)
    assert refused(lambda: flows.join(row, dan.user, dan.session, by=dan.by, at=at)) == Reason.NO_SECOND_STEP
    assert refused(lambda: flows.join(row, eve.user, eve.session, by=eve.by, at=at)) == Reason.NOT_FOR_YOU
    with pytest.raises(ProveMore):
        flows.join(row, eve.user, eve.session, by=eve.by, at=at + DAY / 130)
    flows.refuse(row, dan.user, by=dan.by, at=at)
    assert refused(lambda: flows.refuse(row, dan.user, by=dan.by, at=at)) == Reason.NOT_OPEN
    assert BusinessMember.objects.get(pk=row.pk).end_reason == Why.REFUSED


def test_members_manage_nothing_and_owners_show_that_it_is_them(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob), clock.now()
    verbs = (
        lambda: flows.invite(acme, bob.user, bob.session, "x@example.com", Shipped.BOOKS, by=bob.by, at=at),
        lambda: flows.assign(row, bob.user, bob.session, Shipped.DAILY, by=bob.by, at=at),
        lambda: flows.make_owner(row, bob.user, bob.session, by=bob.by, at=at),
        lambda: flows.remove(of(acme, ada), bob.user, by=bob.by, at=at),
        lambda: flows.rest_all(acme, bob.user, by=bob.by, at=at),
        lambda: flows.rename(acme, bob.user, bob.session, "Mine", by=bob.by, at=at),
        lambda: flows.close(acme, bob.user, bob.session, by=bob.by, at=at),
        lambda: flows.ask(of(acme, ada), bob.user, bob.session, by=bob.by, at=at),
    )
    assert {refused(verb) for verb in verbs} == {Reason.NOT_AN_OWNER}
    # Nor in an owner's name, from a session of their own.
    assert refused(lambda: flows.remove(row, ada.user, by=bob.by, at=at)) == Reason.NOT_AN_OWNER
    with pytest.raises(ProveMore):
        flows.make_owner(row, ada.user, ada.session, by=ada.by, at=at + DAY / 130)
    Totp.objects.filter(user=ada.user).delete()
    said = refused(lambda: flows.make_owner(row, ada.user, ada.session, by=ada.by, at=at))
    assert said == Reason.NO_SECOND_STEP


def test_a_role_is_changed_for_all_who_have_it_and_what_was_spent_stays_counted(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    at, terms = clock.now(), Terms((PAY, SEE), ("openid", "profile"), currency="EUR", amount_month=5_000)
    role = flows.save(acme, flows.Wanted("Till", terms), ada.user, ada.session, by=ada.by, at=at)
    row = joined(bob, role=str(role.pk))
    assert row.delegation is not None
    assert delegating.count(row.delegation.pk, PAYS, decision=None, by=bob.by, at=clock.now()) == Allow()
    again = flows.Wanted("Till", Terms((PAY,), ("openid",), currency="EUR", amount_month=5_900), role.pk)
    flows.save(acme, again, ada.user, ada.session, by=ada.by, at=at)
    assert may(row.delegation, PAYS) == Deny(NotDelegated.MONTH_SPENT)
    assert may(row.delegation, Act(SEE)) == Deny(NotDelegated.NOT_GRANTED)
    assert refused(lambda: flows.drop(role, ada.user, by=ada.by, at=at)) == Reason.ROLE_IN_USE
    flows.assign(row, ada.user, ada.session, Shipped.LOOKS_ON, by=ada.by, at=at)
    flows.drop(role, ada.user, by=ada.by, at=at)
    assert may(row.delegation, PAYS) == Deny(NotDelegated.NOT_GRANTED)
    twice = flows.Wanted("Till", terms)
    flows.save(acme, twice, ada.user, ada.session, by=ada.by, at=at)
    assert refused(lambda: flows.save(acme, twice, ada.user, ada.session, by=ada.by, at=at)) == Reason.SAME_NAME


def test_nobody_lets_themselves_do_more_while_there_is_another_owner(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    at, mine = clock.now(), of(acme, ada)
    flows.assign(mine, ada.user, ada.session, Shipped.BOOKS, by=ada.by, at=at)  # the only owner may
    joined(bob, owner=True)
    more = partial(flows.assign, mine, ada.user, ada.session, Shipped.DAILY, by=ada.by, at=at)
    assert refused(more) == Reason.OWN_RIGHTS
    flows.assign(mine, ada.user, ada.session, Shipped.BOOKS, by=ada.by, at=at)  # the same, for longer
    flows.assign(mine, bob.user, bob.session, Shipped.DAILY, by=bob.by, at=at)
    assert may(of(acme, ada).delegation, PAYS) == Allow()


def test_everything_is_stopped_at_once_and_goes_on_one_by_one(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob), clock.now()
    assert flows.rest_all(acme, ada.user, by=ada.by, at=at + DAY) == 2  # nothing is asked for
    assert may(row.delegation, PAYS) == Deny(NotDelegated.PAUSED)
    flows.let_go_on(row, ada.user, ada.session, by=ada.by, at=at)
    assert may(row.delegation, PAYS) == Allow()
    flows.pause(row, ada.user, by=ada.by, at=at)
    assert may(row.delegation, PAYS) == Deny(NotDelegated.PAUSED)


def test_a_member_leaves_on_either_page_and_an_owner_stays_one_without_rights(
    acme: Business, ada: Party, bob: Party, joined: Joined, outbox: Outbox
) -> None:
    row, at = joined(bob), clock.now()
    assert row.delegation is not None
    delegating.end(row.delegation, by=bob.by, at=at)  # on "People I act for"
    assert of(acme, bob).end_reason == Why.LEFT
    assert told(outbox, "for_owner")[-1] == ("ada@example.com", "left")
    mine = of(acme, ada)
    assert mine.delegation is not None
    delegating.end(mine.delegation, by=ada.by, at=at)
    assert of(acme, ada).is_owner
    flows.assign(mine, ada.user, ada.session, Shipped.DAILY, by=ada.by, at=at)
    assert may(of(acme, ada).delegation, PAYS) == Allow()


def test_the_last_owner_stays(acme: Business, ada: Party, bob: Party, joined: Joined) -> None:
    at = clock.now()
    for verb in (flows.leave, flows.step_down):
        assert refused(partial(verb, acme, ada.user, by=ada.by, at=at)) == Reason.LAST_OWNER
    asked = partial(erasure.ask, ada.user, ada.session, by=ada.by, at=at)
    assert refused(asked) == NotErased.NEEDED
    joined(bob, owner=True)
    User.objects.filter(pk=bob.user.pk).update(is_active=False)  # one who can do nothing does not count
    assert refused(partial(flows.leave, acme, ada.user, by=ada.by, at=at)) == Reason.LAST_OWNER
    User.objects.filter(pk=bob.user.pk).update(is_active=True)
    flows.step_down(acme, ada.user, by=ada.by, at=at)
    assert not of(acme, ada).is_owner
    flows.leave(acme, ada.user, by=ada.by, at=at)
    assert of(acme, ada).stands == Stands.GONE


def test_an_owner_is_removed_by_two(
    acme: Business, ada: Party, bob: Party, party: Callable[..., Party], joined: Joined, outbox: Outbox
) -> None:
    eve, old, at = party("eve@example.com"), clock.now() - 30 * DAY, clock.now()
    row = joined(bob, owner=True)
    other = joined(eve, owner=True)
    assert refused(lambda: flows.remove(row, ada.user, by=ada.by, at=at)) == Reason.TAKES_TWO
    case = flows.ask(row, ada.user, ada.session, by=ada.by, at=at)
    assert refused(lambda: flows.ask(row, eve.user, eve.session, by=eve.by, at=at)) == Reason.ASKED_ALREADY
    agree = partial(flows.agree, case, at=at)
    assert refused(lambda: agree(ada.user, ada.session, by=ada.by)) == Reason.SAME_PERSON
    assert refused(lambda: agree(bob.user, bob.session, by=bob.by)) == Reason.SAME_PERSON
    assert refused(lambda: agree(eve.user, eve.session, by=eve.by)) == Reason.TOO_NEW  # nobody is made an owner for it
    BusinessMember.objects.filter(pk=other.pk).update(owner_since=old)
    agree(eve.user, eve.session, by=eve.by)
    assert (of(acme, bob).stands, of(acme, bob).end_reason) == (Stands.GONE, Why.BY_TWO)
    assert may(row.delegation, PAYS) == Deny(NotDelegated.ENDED)
    to = {address for address, what in told(outbox, "for_owner") if what == "removal_asked"}
    assert to == {"ada@example.com", "bob@example.com", "eve@example.com"}
    assert ("bob@example.com", "gone") in told(outbox, "for_member")
    assert refused(lambda: agree(eve.user, eve.session, by=eve.by)) == Reason.NOT_WAITING


def test_of_two_owners_one_is_removed_after_time_to_object(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob, owner=True), clock.now()
    case = flows.ask(row, ada.user, ada.session, by=ada.by, at=at)
    ready = at + RULES.business.objection_days * DAY
    carry_out = partial(flows.carry_out, case, by=Actor.system())
    assert refused(lambda: carry_out(at=ready - DAY / 86_400)) == Reason.STILL_WAITS
    assert tasks.sweep() == 0
    carry_out(at=ready)
    assert of(acme, bob).end_reason == Why.WAITED


def test_who_objects_is_looked_at_by_the_help_desk(acme: Business, ada: Party, bob: Party, joined: Joined) -> None:
    row, at = joined(bob, owner=True), clock.now()
    case = flows.ask(row, ada.user, ada.session, by=ada.by, at=at)
    assert refused(lambda: flows.object_to(case, by=ada.by, at=at)) == Reason.NOT_YOURS
    flows.object_to(case, by=bob.by, at=at)
    late = at + 100 * DAY
    assert refused(lambda: flows.carry_out(case, by=Actor.system(), at=late)) == Reason.DESK_DECIDES
    assert refused(lambda: flows.call_off(case, by=bob.by, at=at)) == Reason.NOT_YOURS
    flows.call_off(case, by=ada.by, at=at)
    assert BusinessRemoval.objects.get().state == Removal.OFF


def test_what_was_asked_for_is_off_when_either_is_no_owner_any_more(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob, owner=True), clock.now()
    flows.ask(row, ada.user, ada.session, by=ada.by, at=at)
    flows.step_down(acme, bob.user, by=bob.by, at=at)
    assert BusinessRemoval.objects.get().state == Removal.OFF


def test_a_business_is_closed_by_its_only_owner_and_can_be_kept(
    acme: Business, ada: Party, bob: Party, joined: Joined
) -> None:
    row, at = joined(bob, owner=True), clock.now()
    assert refused(lambda: flows.close(acme, ada.user, ada.session, by=ada.by, at=at)) == Reason.OTHER_OWNERS
    flows.step_down(acme, bob.user, by=bob.by, at=at)
    flows.close(acme, ada.user, ada.session, by=ada.by, at=at)
    assert Deletion.objects.get().customer == acme.pk
    assert may(row.delegation, PAYS) == Deny(NotDelegated.ENDED)
    assert of(acme, bob).end_reason == Why.CLOSED
    invite = partial(flows.invite, acme, ada.user, ada.session, "x@example.com", Shipped.BOOKS, by=ada.by, at=at)
    assert refused(invite) == Reason.SHUT
    flows.keep(acme, ada.user, by=ada.by, at=at)
    assert User.objects.get(pk=acme.pk).is_open_at(at)
    invite()
    assert tasks.sweep() == 0


def test_an_invitation_that_nobody_answers_is_over(acme: Business, ada: Party) -> None:
    at = clock.now() - 8 * DAY
    row = flows.invite(acme, ada.user, ada.session, "x@example.com", Shipped.BOOKS, by=ada.by, at=clock.now())
    assert refused(lambda: flows.lapse(row, by=Actor.system(), at=clock.now())) == Reason.NOT_OPEN
    BusinessMember.objects.filter(pk=row.pk).update(expires_at=at)
    assert tasks.sweep() == 1
    assert BusinessMember.objects.get(pk=row.pk).end_reason == Why.NOT_ANSWERED
