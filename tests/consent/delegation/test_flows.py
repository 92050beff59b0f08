"""Offered, asked for, answered, counted, stopped: on the real database, with both people and what each is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from accounts.activity.events import NotMe, Via
from accounts.lock.flows import locks
from accounts.models import Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import OnHold, ProveMore, Refused, TooMany
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from consent.delegation import facts, flows, policy, tasks
from consent.delegation.policy import Reason
from consent.delegation.shapes import Act, Asked, Ended, State, Terms
from consent.models import DelegatedUse, Delegation, DelegationRequest
from tests import at_once
from tests.consent.delegation.conftest import BILLS, PAY, SEE, Party, wish
from tests.factories import Message

pytestmark = pytest.mark.django_db
RULES = limits.load().delegation
DAY = timedelta(days=1)
PAYS = Act(PAY, amount=3_000, currency="EUR")
Outbox = Callable[[], list[Message]]


def may(row: Delegation, act: Act | None = None, at: datetime | None = None) -> Decision:
    """What a delegate is answered at this moment."""
    at = at or clock.now()
    return policy.may_act(facts.acting(row.pk, act, at=at), limits=limits.current(), at=at)


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as found:
        verb()
    return found.value.reason


def offer(ada: Party, address: str) -> Delegation:
    return flows.offer(ada.user, ada.session, address, wish(), by=ada.by, at=clock.now())


def ask(bob: Party, address: str) -> DelegationRequest:
    return flows.ask(bob.user, bob.session, address, wish(Terms((SEE,))), by=bob.by, at=clock.now())


def told(outbox: Outbox) -> list[tuple[str, str, str]]:
    return [(mail.to, mail.kind, mail.words.get("what", "")) for mail in outbox()]


def timeline(who: Party) -> list[str]:
    rows = AuditEntry.objects.filter(about=who.user.pk, name__startswith="delegation.").order_by("at", "pk")
    return [row.name.removeprefix("delegation.") for row in rows]


@pytest.mark.control("v5.0.0-8.2.1")
def test_an_offer_counts_for_nothing_until_the_invited_person_accepts(ada: Party, bob: Party, outbox: Outbox) -> None:
    made = offer(ada, bob.user.email)
    assert may(made) == Deny(Reason.NOT_ACCEPTED)
    flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now())
    assert may(made, PAYS) == Allow()
    assert told(outbox) == [
        ("bob@example.com", "delegation_invitation", ""),
        ("ada@example.com", "delegation_for_owner", "offered"),
        ("ada@example.com", "delegation_for_owner", "began"),
        ("bob@example.com", "delegation_for_delegate", "began"),
    ]
    assert timeline(ada) == ["offered", "began"]
    assert timeline(bob) == ["began"]
    others = AuditEntry.objects.filter(name="delegation.began").values_list("about", "data__other")
    assert {(str(about), other) for about, other in others} == {
        (str(ada.user.pk), str(bob.user.pk)), (str(bob.user.pk), str(ada.user.pk)),
    }  # fmt: skip


def test_what_is_asked_for_is_granted_as_its_owner_chooses(ada: Party, bob: Party, outbox: Outbox) -> None:
    request = ask(bob, ada.user.email)
    row = flows.grant(request, ada.user, ada.session, wish(), by=ada.by, at=clock.now())
    assert (row.owner, row.delegate, row.state) == (ada.user, bob.user, State.ACTIVE)
    assert may(row, PAYS) == Allow()
    assert DelegationRequest.objects.get().state == Asked.GRANTED
    assert told(outbox)[0] == ("ada@example.com", "delegation_wanted", "")
    assert refused(lambda: flows.grant(request, ada.user, ada.session, wish(), by=ada.by, at=clock.now())) == (
        Reason.NOT_OPEN
    )


def test_nobody_accepts_or_grants_for_another(ada: Party, bob: Party, party: Callable[..., Party]) -> None:
    eve, at = party("eve@example.com"), clock.now()
    made = offer(ada, bob.user.email)
    for verb in (partial(flows.accept, made, eve.user, eve.session), partial(flows.refuse, made, eve.user)):
        assert refused(partial(verb, by=eve.by, at=at)) == Reason.NOT_FOR_YOU
    # Neither in his name, from her session.
    assert refused(lambda: flows.refuse(made, bob.user, by=eve.by, at=at)) == Reason.NOT_FOR_YOU
    request = ask(bob, "dan@example.com")
    assert refused(lambda: flows.grant(request, eve.user, eve.session, wish(), by=eve.by, at=at)) == Reason.NOT_FOR_YOU
    assert refused(lambda: flows.decline(request, eve.user, by=eve.by, at=at)) == Reason.NOT_FOR_YOU
    assert refused(lambda: flows.withdraw(request, by=eve.by, at=at)) == Reason.NOT_FOR_YOU


def test_oneself_a_second_time_and_in_a_circle(ada: Party, bob: Party) -> None:
    assert refused(lambda: offer(ada, "ada+me@example.com")) == Reason.OWN
    assert refused(lambda: ask(ada, "ada@example.com")) == Reason.OWN
    made = offer(ada, bob.user.email)
    assert refused(lambda: offer(ada, "bob+bills@example.com")) == Reason.SAME
    flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now())
    assert refused(lambda: offer(ada, bob.user.email)) == Reason.SAME
    assert refused(lambda: ask(bob, ada.user.email)) == Reason.SAME
    assert refused(lambda: offer(bob, ada.user.email)) == Reason.CIRCLE
    assert refused(lambda: ask(ada, bob.user.email)) == Reason.CIRCLE


def test_a_circle_that_nobody_saw_coming_is_refused_when_it_would_close(ada: Party, bob: Party) -> None:
    there, back = offer(ada, bob.user.email), offer(bob, ada.user.email)
    flows.accept(there, bob.user, bob.session, by=bob.by, at=clock.now())
    said = refused(lambda: flows.accept(back, ada.user, ada.session, by=ada.by, at=clock.now()))
    assert said == Reason.CIRCLE


def test_the_delegate_needs_a_second_step_before_and_all_along(ada: Party, party: Callable[..., Party]) -> None:
    bob = party("bob@example.com", second=False)
    made = offer(ada, bob.user.email)
    said = refused(lambda: flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now()))
    assert said == Reason.NO_SECOND_STEP
    assert refused(lambda: ask(bob, "dan@example.com")) == Reason.NO_SECOND_STEP
    Totp.objects.create(user=bob.user, confirmed=True, created_at=clock.now())
    flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now())
    assert may(made) == Allow()
    Totp.objects.all().delete()
    assert may(made) == Deny(Reason.NO_SECOND_STEP)


def test_both_sides_show_freshly_that_it_is_them(ada: Party, bob: Party) -> None:
    later = clock.now() + timedelta(minutes=11)
    made = offer(ada, bob.user.email)
    with pytest.raises(ProveMore):
        flows.offer(ada.user, ada.session, "dan@example.com", wish(), by=ada.by, at=later)
    with pytest.raises(ProveMore):
        flows.accept(made, bob.user, bob.session, by=bob.by, at=later)
    with pytest.raises(ProveMore):
        flows.ask(bob.user, bob.session, "dan@example.com", wish(), by=bob.by, at=later)
    flows.refuse(made, bob.user, by=bob.by, at=later)  # a no takes nothing


def test_whether_there_is_an_account_is_never_said(ada: Party, bob: Party, outbox: Outbox) -> None:
    for address in (bob.user.email, "nobody@example.com"):
        offer(ada, address)
    ada_asks = [ask(ada, address) for address in ("grace@example.com", bob.user.email)]
    kinds = [(kind, sorted(mail.words)) for mail in outbox() for kind in [mail.kind]]
    assert kinds[0] == kinds[2]
    assert kinds[4] == kinds[5]
    assert {(row.state, row.shown != "") for row in ada_asks} == {(Asked.OPEN, True)}
    assert {row.delegate_id for row in Delegation.objects.all()} == {None}


def test_either_side_ends_it_at_once_and_what_hangs_from_it_is_cut(
    begun: Delegation, ada: Party, bob: Party, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[str] = []
    monkeypatch.setattr(flows.ENDED, "_parts", [lambda row, **_more: cut.append(row.state)])
    old = clock.now() + 9 * DAY  # no proof is asked for
    flows.pause(begun, by=ada.by, at=old)
    assert may(begun) == Deny(Reason.PAUSED)
    flows.resume(begun, ada.session, by=ada.by, at=clock.now())
    flows.end(begun, by=bob.by, at=old)
    begun.refresh_from_db()
    assert (begun.end_reason, begun.ended_by, may(begun)) == (Ended.BY_DELEGATE, bob.user.pk, Deny(Reason.ENDED))
    assert cut == ["paused", "ended"]
    assert [what for _to, _kind, what in told(outbox)][-2:] == ["ended", "ended"]
    assert sorted(timeline(bob)) == ["began", "ended", "paused", "resumed"]
    assert refused(lambda: flows.end(begun, by=ada.by, at=old)) == Reason.NOT_OPEN


def test_a_stranger_and_whoever_acts_for_another_stop_and_change_nothing(
    begun: Delegation, ada: Party, bob: Party, party: Callable[..., Party]
) -> None:
    eve, at = party(), clock.now()
    for by in (eve.by, replace(bob.by, on_behalf_of=ada.user.pk), replace(ada.by, on_behalf_of=bob.user.pk)):
        for verb in (flows.end, flows.pause):
            with pytest.raises(Refused):
                verb(begun, by=by, at=at)
        with pytest.raises(Refused):
            flows.narrow(begun, Terms((SEE,)), by=by, at=at)
    with pytest.raises(Refused):
        flows.resume(begun, bob.session, by=bob.by, at=at)
    assert may(begun) == Allow()


def test_stop_everything_ends_offers_too(begun: Delegation, ada: Party) -> None:
    offer(ada, "dan@example.com")
    assert flows.end_all(ada.user, by=ada.by, at=clock.now()) == 2
    assert set(Delegation.objects.values_list("state", flat=True)) == {State.ENDED}
    assert refused(lambda: flows.end_all(ada.user, by=ada.by, at=clock.now())) == Reason.NOT_OPEN


def test_less_at_once_and_more_only_with_a_proof(begun: Delegation, ada: Party) -> None:
    old, less = clock.now() + timedelta(minutes=11), replace(BILLS, amount_each=2_999)
    flows.narrow(begun, less, by=ada.by, at=old)
    assert may(begun, PAYS) == Deny(Reason.TOO_MUCH)
    assert refused(lambda: flows.narrow(begun, BILLS, by=ada.by, at=old)) == Reason.NOT_OFFERED
    with pytest.raises(ProveMore):
        flows.change(begun, ada.session, BILLS, begun.ends_at, by=ada.by, at=old)
    flows.change(begun, ada.session, BILLS, begun.ends_at, by=ada.by, at=clock.now())
    assert may(begun, PAYS) == Allow()


def test_it_is_renewed_for_a_year_at_most(begun: Delegation, ada: Party) -> None:
    at = clock.now()
    longest = at + timedelta(days=RULES.longest_days)
    said = refused(lambda: flows.renew(begun, ada.session, longest + DAY, by=ada.by, at=at))
    assert said == Reason.TOO_LONG
    flows.renew(begun, ada.session, longest, by=ada.by, at=at)
    begun.refresh_from_db()
    assert (begun.ends_at, begun.renewed_at, begun.terms) == (longest, at, BILLS)
    assert may(begun, at=longest - timedelta(seconds=1)) == Allow()
    assert may(begun, at=longest) == Deny(Reason.ENDED)


def act(row: Delegation, doing: Act, *, by: Actor, at: datetime) -> Decision:
    """As the verb of a partner's payment does."""
    with transaction.atomic():
        return flows.count(row.pk, doing, decision=None, by=by, at=at)


def test_what_is_done_is_counted_by_the_owners_day_and_month(begun: Delegation, ada: Party, bob: Party) -> None:
    User.objects.filter(pk=ada.user.pk).update(timezone="Pacific/Auckland")  # 12 or 13 hours ahead
    start = datetime.fromisoformat("2026-01-01T00:00Z")
    Delegation.objects.update(starts_at=start, ends_at=start + 300 * DAY)

    def pays(amount: int, at: str) -> Decision:
        return act(begun, Act(PAY, amount=amount, currency="EUR"), by=bob.by, at=datetime.fromisoformat(at))

    assert pays(5_000, "2026-06-30T11:59Z") == Allow()
    assert pays(3_001, "2026-06-30T11:59Z") == Deny(Reason.MONTH_SPENT)
    assert pays(3_000, "2026-06-30T11:59Z") == Allow()
    assert pays(5_000, "2026-06-30T12:00Z") == Allow()  # it is July there
    assert pays(1_000, "2026-06-30T12:00Z") == Allow()
    assert pays(1_000, "2026-06-30T12:00Z") == Allow()
    assert pays(1_000, "2026-06-30T12:00Z") == Deny(Reason.TOO_OFTEN)
    assert pays(1_000, "2026-07-01T12:00Z") == Allow()
    assert pays(1, "2026-07-01T12:00Z") == Deny(Reason.MONTH_SPENT)
    begun.refresh_from_db()
    assert (begun.spent, begun.done, DelegatedUse.objects.count()) == (8_000, 1, 6)
    # Another zone, in which the month has not turned yet, opens nothing again.
    User.objects.filter(pk=ada.user.pk).update(timezone="Pacific/Honolulu")
    assert pays(1, "2026-07-01T05:00Z") == Deny(Reason.MONTH_SPENT)


def test_what_a_locked_account_let_others_do_waits_and_what_a_thief_let_is_over(
    begun: Delegation, ada: Party, bob: Party
) -> None:
    locks.lock(ada.user, by=ada.by, at=clock.now())
    assert may(begun) == Deny(Reason.PAUSED)
    locks.end_beyond(ada.user, begun.made_at, by=ada.by, at=clock.now())
    begun.refresh_from_db()
    assert (begun.state, begun.end_reason) == (State.ENDED, Ended.LOCKED)


def test_what_was_granted_in_a_session_that_is_disowned_is_over(begun: Delegation, ada: Party) -> None:
    event = NotMe(
        session=ada.session.pk, via=Via.PAGE, was_live=True, left_tokens_ended=0, device_revoked=False, codes_dropped=0
    )
    record(event, about=ada.user.pk, by=ada.by, at=clock.now())
    begun.refresh_from_db()
    assert begun.end_reason == Ended.NOT_ME


@pytest.mark.parametrize("side", ["owner", "delegate"])
@pytest.mark.parametrize(
    "shut", [{"is_active": False}, {"erase_at": clock.now() + DAY}, {"suspended_until": clock.now() + DAY},
             {"locked_at": clock.now(), "way_back": "mailbox"}]
)  # fmt: skip
def test_an_account_that_is_closed_leaving_paused_or_locked_stops_it(
    begun: Delegation, side: str, shut: dict[str, object]
) -> None:
    User.objects.filter(pk=getattr(begun, f"{side}_id")).update(**shut)
    assert may(begun) == Deny(Reason.OWNER_SHUT if side == "owner" else Reason.DELEGATE_SHUT)


@pytest.mark.parametrize("side", ["owner", "delegate"])
def test_in_quarantine_nothing_begins(ada: Party, bob: Party, side: str) -> None:
    made, who = offer(ada, bob.user.email), ada if side == "owner" else bob
    User.objects.filter(pk=who.user.pk).update(recovered_at=clock.now())
    accept = partial(flows.accept, made, bob.user, bob.session, by=bob.by, at=clock.now())
    begins = partial(offer, ada, "dan@example.com") if side == "owner" else accept
    with pytest.raises(OnHold):
        begins()


def test_whoever_is_closed_meanwhile_is_neither_accepted_nor_accepts(ada: Party, bob: Party) -> None:
    made = offer(ada, bob.user.email)
    User.objects.filter(pk=ada.user.pk).update(is_active=False)
    said = refused(lambda: flows.accept(made, bob.user, bob.session, by=bob.by, at=clock.now()))
    assert said == Reason.OWNER_SHUT


def test_nobody_can_be_pestered(ada: Party, bob: Party) -> None:
    for _ in range(RULES.refusals):
        flows.decline(ask(bob, ada.user.email), ada.user, by=ada.by, at=clock.now())
    assert refused(lambda: ask(bob, ada.user.email)) == Reason.CLOSED
    assert refused(lambda: ask(bob, "ada+2@example.com")) == Reason.CLOSED
    for number in range(RULES.open_requests):
        ask(bob, f"p{number}@example.com")
    assert refused(lambda: ask(bob, "more@example.com")) == Reason.ENOUGH
    DelegationRequest.objects.update(ended_at=clock.now() - timedelta(days=RULES.closed_days), state=Asked.REFUSED)
    DelegationRequest.objects.update(made_at=clock.now() - DAY)
    ask(bob, ada.user.email)


def test_one_mailbox_hears_a_few_times_an_hour_whatever_became_of_it(ada: Party, bob: Party) -> None:
    for _ in range(limits.load().proof.mails_per_address_per_hour):
        flows.end(offer(ada, bob.user.email), by=ada.by, at=clock.now())
    with pytest.raises(TooMany):
        offer(ada, bob.user.email)


def test_the_clock_ends_what_is_over_and_reminds_before(
    begun: Delegation, ada: Party, bob: Party, outbox: Outbox
) -> None:
    open_offer, request, at = offer(ada, "dan@example.com"), ask(bob, "eve@example.com"), clock.now()
    assert tasks.sweep() == 0
    Delegation.objects.filter(pk=begun.pk).update(ends_at=at + timedelta(days=RULES.reminder_days))
    assert tasks.sweep() == 1
    assert [what for _to, _kind, what in told(outbox)][-2:] == ["ends_soon", "ends_soon"]
    assert tasks.sweep() == 0
    Delegation.objects.filter(pk=begun.pk).update(ends_at=at)
    Delegation.objects.filter(pk=open_offer.pk).update(expires_at=at)
    DelegationRequest.objects.update(expires_at=at)
    assert may(begun) == Deny(Reason.ENDED)  # by the clock, before any job
    assert tasks.sweep() == 3
    assert tasks.sweep() == 0
    assert dict(Delegation.objects.values_list("pk", "end_reason")) == {
        begun.pk: Ended.EXPIRED, open_offer.pk: Ended.NOT_ANSWERED,
    }  # fmt: skip
    request.refresh_from_db()
    assert request.state == Asked.EXPIRED
    said = [what for _to, _kind, what in told(outbox)][-4:]
    assert sorted(said) == ["expired", "expired", "not_answered", "not_answered"]


def test_an_owner_or_a_delegate_who_is_erased_takes_it_along(begun: Delegation, bob: Party) -> None:
    flow(lambda *, by, at: flows.leave(bob.user.pk, by=by, at=at))(by=bob.by, at=clock.now())  # as erasing does
    begun.refresh_from_db()
    assert begun.end_reason == Ended.LEFT
    bob.user.delete()
    assert not Delegation.objects.exists()


def test_reading_costs_one_statement(begun: Delegation, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert may(begun, PAYS) == Allow()


def test_what_is_gone_is_over() -> None:
    facts_of_nothing = facts.acting(codes.new_id(), at=clock.now())
    assert policy.may_act(facts_of_nothing, limits=limits.load(), at=clock.now()) == Deny(Reason.ENDED)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_two_payments_at_once_pass_no_limit(begun: Delegation, bob: Party) -> None:
    at = clock.now()
    doing = Act(PAY, amount=5_000, currency="EUR")
    answers = at_once.at_once(*[partial(act, begun, doing, by=bob.by, at=at)] * 2)
    assert sorted(answers, key=str) == [Allow(), Deny(Reason.MONTH_SPENT)]
    begun.refresh_from_db()
    assert begun.spent == 5_000
    assert DelegatedUse.objects.count() == 1
