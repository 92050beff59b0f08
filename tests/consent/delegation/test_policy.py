"""Who may act for whom: each question as a table, and the law that nobody ever does more than was granted."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.audit.facts import as_json, of_question
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import catalogue, limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from consent.delegation import policy
from consent.delegation.policy import Acting, Answering, Asking, Holder, Offer, Pair, Reach, Reason, Standing
from consent.delegation.shapes import Kind, State, Terms
from tests.conftest import NOON

LIMITS = limits.load()
RULES = LIMITS.delegation
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
PAY, BOOK, SEE, PAGE = "partner.payment", "partner.appointment", "see_profile", "gateway.page"
TEA, BANK = codes.new_id(), codes.new_id()
BILLS = Terms((SEE, PAY), ("profile",), currency="EUR", amount_each=5_000, amount_month=20_000, times_day=3)
STANDS = Acting(
    delegation=codes.new_id(),
    kind=Kind.PERSON,
    state=State.ACTIVE,
    starts_at=NOON - DAY,
    ends_at=NOON + DAY,
    terms=BILLS,
    owner_open=True,
    delegate_open=True,
    has_second_step=True,
    place_covered=True,
)
PAYS = replace(STANDS, action=PAY, amount=5_000, currency="EUR")


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (STANDS, Allow()),
        (Acting(), Deny(Reason.ENDED)),
        (replace(STANDS, state=State.OFFERED), Deny(Reason.NOT_ACCEPTED)),
        (replace(STANDS, state=State.PAUSED), Deny(Reason.PAUSED)),
        (replace(STANDS, state=State.ENDED), Deny(Reason.ENDED)),
        (replace(STANDS, starts_at=NOON), Allow()),
        (replace(STANDS, starts_at=NOON + SECOND), Deny(Reason.NOT_YET)),
        (replace(STANDS, starts_at=None), Deny(Reason.NOT_YET)),
        (replace(STANDS, ends_at=NOON + SECOND), Allow()),
        (replace(STANDS, ends_at=NOON), Deny(Reason.ENDED)),
        (replace(STANDS, ends_at=None), Deny(Reason.ENDED)),
        (replace(STANDS, owner_open=False), Deny(Reason.OWNER_SHUT)),
        (replace(STANDS, delegate_open=False), Deny(Reason.DELEGATE_SHUT)),
        (replace(STANDS, has_second_step=False), Deny(Reason.NO_SECOND_STEP)),
        (replace(STANDS, action=SEE), Allow()),
        (replace(STANDS, action=BOOK), Deny(Reason.NOT_GRANTED)),
        (replace(STANDS, action="partner.unheard_of"), Deny(Reason.NEVER)),
        (replace(STANDS, action="partner.change_payee"), Deny(Reason.NEVER)),  # its row does not name that entry point
        (replace(STANDS, scopes=("profile",)), Allow()),
        (replace(STANDS, scopes=("email", "profile")), Deny(Reason.NOT_GRANTED)),
        (replace(STANDS, scopes=("activity",)), Deny(Reason.NEVER)),
        (replace(STANDS, scopes=("offline_access",)), Deny(Reason.NEVER)),
        (replace(STANDS, partner=TEA), Allow()),
        (replace(STANDS, partner=TEA, terms=replace(BILLS, partners=(TEA,))), Allow()),
        (replace(STANDS, partner=BANK, terms=replace(BILLS, partners=(TEA,))), Deny(Reason.NOT_FOR_APP)),
        (replace(STANDS, place_covered=False), Deny(Reason.NOT_FOR_APP)),
        (PAYS, Allow()),
        (replace(PAYS, amount=5_001), Deny(Reason.TOO_MUCH)),
        (replace(PAYS, amount=-1), Deny(Reason.NO_AMOUNT)),
        (replace(PAYS, amount=None, currency=None), Deny(Reason.NO_AMOUNT)),
        (replace(PAYS, currency="NOK"), Deny(Reason.OTHER_CURRENCY)),
        (replace(PAYS, currency=None), Deny(Reason.OTHER_CURRENCY)),
        (replace(PAYS, spent=15_000), Allow()),
        (replace(PAYS, spent=15_001), Deny(Reason.MONTH_SPENT)),
        (replace(PAYS, done=2), Allow()),
        (replace(PAYS, done=3), Deny(Reason.TOO_OFTEN)),
        (replace(STANDS, action=SEE, done=3), Allow()),  # looking is not counted
        (replace(PAYS, terms=Terms((PAY,))), Deny(Reason.NO_LIMIT)),
        (replace(STANDS, action=BOOK, terms=Terms((BOOK,))), Allow()),
        (replace(PAYS, terms=replace(BILLS, asks=(PAY,))), Hold(Reason.ASK_OWNER)),
        (replace(PAYS, terms=replace(BILLS, asks=(PAY,)), approved=True), Allow()),
        (replace(PAYS, terms=replace(BILLS, asks=(PAY,)), approved=True, amount=5_001), Deny(Reason.TOO_MUCH)),
    ],
)
def test_may_act(facts: Acting, answer: Decision) -> None:
    assert policy.may_act(facts, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize("action", sorted(catalogue.NEVER_DELEGATED))
def test_what_is_never_delegated_is_never_done_nor_offered(action: str) -> None:
    everything = replace(STANDS, action=action, terms=Terms((action,)), approved=True)
    assert policy.may_act(everything, limits=LIMITS, at=NOON) == Deny(Reason.NEVER)
    assert policy.wrong_with(Terms((action,)), LIMITS) is Reason.NOT_OFFERED


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        (BILLS, None),
        (Terms(scopes=("email",)), None),
        (Terms(), Reason.NOTHING),
        (Terms(("partner.large_payment",), currency="EUR", amount_month=1), None),
        (Terms(("use_delegation",)), Reason.NOT_OFFERED),
        (Terms(("partner.unheard_of",)), Reason.NOT_OFFERED),
        (Terms((SEE,), ("activity",)), Reason.NOT_OFFERED),
        (Terms((SEE,), asks=(PAY,)), Reason.NOT_OFFERED),
        (Terms((PAY,)), Reason.NO_LIMIT),
        (Terms((PAY,), times_day=1), Reason.NO_LIMIT),
        (Terms((PAY,), amount_each=1), Reason.BAD_LIMIT),
        (Terms((PAY,), amount_each=0, currency="EUR"), Reason.BAD_LIMIT),
        (Terms((PAY,), amount_each=2, amount_month=1, currency="EUR"), Reason.BAD_LIMIT),
        (Terms((PAY,), amount_each=1, amount_month=1, currency="EUR"), None),
        (Terms((BOOK,), currency="EUR"), Reason.BAD_LIMIT),
        (Terms((BOOK,), times_day=0), Reason.BAD_LIMIT),
    ],
)
def test_what_can_be_granted(terms: Terms, wrong: Reason | None) -> None:
    assert policy.wrong_with(terms, LIMITS) is wrong


NOBODY_YET = Pair(is_own=False, is_live=False, is_circle=False)
LONGEST = timedelta(days=RULES.longest_days)
OFFER = Offer(Holder.OWNER, BILLS, NOON, NOON + LONGEST)


@pytest.mark.parametrize(
    ("pair", "offer", "answer"),
    [
        (NOBODY_YET, OFFER, Allow()),
        (Pair(), OFFER, Deny(Reason.OWN)),
        (replace(NOBODY_YET, is_live=True), OFFER, Deny(Reason.SAME)),
        (replace(NOBODY_YET, is_circle=True), OFFER, Deny(Reason.CIRCLE)),
        (replace(NOBODY_YET, open_now=RULES.open_requests - 1, today=RULES.requests_per_day - 1), OFFER, Allow()),
        (replace(NOBODY_YET, open_now=RULES.open_requests), OFFER, Deny(Reason.ENOUGH)),
        (replace(NOBODY_YET, today=RULES.requests_per_day), OFFER, Deny(Reason.TOO_MANY)),
        (NOBODY_YET, Offer(), Deny(Reason.NOT_YOURS)),
        (NOBODY_YET, replace(OFFER, holder=Holder.DELEGATE), Deny(Reason.NOT_YOURS)),
        (NOBODY_YET, replace(OFFER, terms=Terms()), Deny(Reason.NOTHING)),
        (NOBODY_YET, replace(OFFER, ends_at=NOON + LONGEST + SECOND), Deny(Reason.TOO_LONG)),
        (NOBODY_YET, replace(OFFER, ends_at=NOON), Deny(Reason.BAD_LIMIT)),
        (NOBODY_YET, replace(OFFER, ends_at=None), Deny(Reason.BAD_LIMIT)),
        (NOBODY_YET, replace(OFFER, starts_at=NOON + DAY, ends_at=NOON + DAY + LONGEST), Allow()),
        (NOBODY_YET, replace(OFFER, starts_at=NOON + DAY, ends_at=NOON + DAY), Deny(Reason.BAD_LIMIT)),
        (
            NOBODY_YET,
            replace(OFFER, starts_at=NOON + LONGEST + SECOND, ends_at=NOON + LONGEST + DAY),
            Deny(Reason.TOO_LONG),
        ),
    ],
)
def test_may_offer(pair: Pair, offer: Offer, answer: Decision) -> None:
    assert policy.may_offer(pair, offer, limits=LIMITS, at=NOON) == answer


WISH = Asking(is_asker=True, has_second_step=True, terms=Terms((SEE,)))
CLOSED = timedelta(days=RULES.closed_days)


@pytest.mark.parametrize(
    ("pair", "asking", "answer"),
    [
        (NOBODY_YET, WISH, Allow()),
        (NOBODY_YET, Asking(), Deny(Reason.NOT_YOURS)),
        (NOBODY_YET, replace(WISH, has_second_step=False), Deny(Reason.NO_SECOND_STEP)),
        (NOBODY_YET, replace(WISH, terms=Terms()), Deny(Reason.NOTHING)),
        (Pair(), WISH, Deny(Reason.OWN)),
        (replace(NOBODY_YET, is_live=True), WISH, Deny(Reason.SAME)),
        (replace(NOBODY_YET, is_circle=True), WISH, Deny(Reason.CIRCLE)),
        (replace(NOBODY_YET, open_now=RULES.open_requests), WISH, Deny(Reason.ENOUGH)),
        (replace(NOBODY_YET, today=RULES.requests_per_day), WISH, Deny(Reason.TOO_MANY)),
        (NOBODY_YET, replace(WISH, refusals=(NOON,) * (RULES.refusals - 1)), Allow()),
        (NOBODY_YET, replace(WISH, refusals=(NOON - DAY, NOON - CLOSED, NOON - 9 * CLOSED)), Deny(Reason.CLOSED)),
        (NOBODY_YET, replace(WISH, refusals=(NOON - CLOSED + SECOND,) * RULES.refusals), Deny(Reason.CLOSED)),
        (NOBODY_YET, replace(WISH, refusals=(NOON - CLOSED,) * RULES.refusals), Allow()),
    ],
)
def test_may_ask(pair: Pair, asking: Asking, answer: Decision) -> None:
    assert policy.may_ask(pair, asking, limits=LIMITS, at=NOON) == answer


THEIRS = Answering(
    is_open=True, is_theirs=True, owner_open=True, delegate_open=True, has_second_step=True, expires_at=NOON + SECOND
)


@pytest.mark.parametrize(
    ("facts", "pair", "no", "yes"),
    [
        (THEIRS, NOBODY_YET, Allow(), Allow()),
        (Answering(), NOBODY_YET, Deny(Reason.NOT_FOR_YOU), Deny(Reason.NOT_FOR_YOU)),
        (replace(THEIRS, is_open=False), NOBODY_YET, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_OPEN)),
        (replace(THEIRS, expires_at=NOON), NOBODY_YET, Deny(Reason.NOT_OPEN), Deny(Reason.NOT_OPEN)),
        (replace(THEIRS, owner_open=False), NOBODY_YET, Allow(), Deny(Reason.OWNER_SHUT)),
        (replace(THEIRS, delegate_open=False), NOBODY_YET, Allow(), Deny(Reason.DELEGATE_SHUT)),
        (replace(THEIRS, has_second_step=False), NOBODY_YET, Allow(), Deny(Reason.NO_SECOND_STEP)),
        (THEIRS, Pair(), Allow(), Deny(Reason.OWN)),
        (THEIRS, replace(NOBODY_YET, is_live=True), Allow(), Deny(Reason.SAME)),
        (THEIRS, replace(NOBODY_YET, is_circle=True), Allow(), Deny(Reason.CIRCLE)),
    ],
)
def test_may_answer_and_agree(facts: Answering, pair: Pair, no: Decision, yes: Decision) -> None:
    assert policy.may_answer(facts, limits=LIMITS, at=NOON) == no
    assert policy.may_agree(facts, pair, limits=LIMITS, at=NOON) == yes


LIVES = Standing(State.ACTIVE, Holder.OWNER, BILLS, NOON + DAY, None, reminded=False)
PAUSED = replace(LIVES, state=State.PAUSED)
MINE, DONE = Deny(Reason.NOT_YOURS), Deny(Reason.NOT_OPEN)
IDLE, GOES = Deny(Reason.NOT_ACTIVE), Deny(Reason.NOT_PAUSED)


@pytest.mark.parametrize(
    ("facts", "end", "pause", "resume", "narrow"),
    [
        (LIVES, Allow(), Allow(), GOES, Allow()),
        (PAUSED, Allow(), IDLE, Allow(), Allow()),
        (replace(PAUSED, ends_at=NOON), Allow(), IDLE, Deny(Reason.ENDED), Allow()),
        (replace(LIVES, holder=Holder.DELEGATE), Allow(), MINE, MINE, MINE),
        (replace(LIVES, holder=Holder.SYSTEM), Allow(), Allow(), MINE, MINE),
        (replace(LIVES, holder=Holder.OTHER), MINE, MINE, MINE, MINE),
        (replace(LIVES, state=State.OFFERED), Allow(), IDLE, GOES, Deny(Reason.ENDED)),
        (replace(LIVES, state=State.ENDED), DONE, IDLE, GOES, Deny(Reason.ENDED)),
    ],
)  # fmt: skip
def test_who_may_end_pause_resume_and_narrow(
    facts: Standing, end: Decision, pause: Decision, resume: Decision, narrow: Decision
) -> None:
    assert policy.may_end(facts, limits=LIMITS, at=NOON) == end
    assert policy.may_pause(facts, limits=LIMITS, at=NOON) == pause
    assert policy.may_resume(facts, limits=LIMITS, at=NOON) == resume
    assert policy.may_narrow(facts, BILLS, limits=LIMITS, at=NOON) == narrow


@pytest.mark.parametrize(
    ("change", "is_narrower"),
    [
        ({}, True),
        ({"actions": (SEE,)}, True),
        ({"actions": (SEE, PAY, BOOK)}, False),
        ({"scopes": ()}, True),
        ({"scopes": ("email", "profile")}, False),
        ({"asks": (PAY,)}, True),
        ({"partners": (TEA,)}, True),
        ({"amount_each": 4_999}, True),
        ({"amount_each": 5_001}, False),
        ({"amount_each": None}, False),
        ({"amount_month": 20_001}, False),
        ({"times_day": None}, False),
        ({"times_day": 4}, False),
        ({"currency": "NOK"}, False),
    ],
)
def test_what_is_narrower_needs_no_proof(change: dict[str, Any], *, is_narrower: bool) -> None:
    answer = policy.may_narrow(LIVES, replace(BILLS, **change), limits=LIMITS, at=NOON)
    assert isinstance(answer, Allow) is is_narrower
    assert policy.may_widen(LIVES, replace(BILLS, **change), NOON + DAY, limits=LIMITS, at=NOON) == Allow()


def test_what_was_for_one_app_or_asked_about_stays_so() -> None:
    held = replace(LIVES, terms=replace(BILLS, asks=(PAY,), partners=(TEA,)))
    for wider in (BILLS, replace(BILLS, asks=(PAY,)), replace(BILLS, asks=(PAY,), partners=(TEA, BANK))):
        assert policy.may_narrow(held, wider, limits=LIMITS, at=NOON) == Deny(Reason.NOT_OFFERED)
    no_longer_at_all = Terms((SEE,), partners=(TEA,), currency="EUR", amount_each=1, amount_month=1, times_day=1)
    assert policy.may_narrow(held, no_longer_at_all, limits=LIMITS, at=NOON) == Allow()


@pytest.mark.parametrize(
    ("facts", "ends_at", "answer"),
    [
        (LIVES, NOON + LONGEST, Allow()),
        (LIVES, NOON + LONGEST + SECOND, Deny(Reason.TOO_LONG)),
        (LIVES, NOON, Deny(Reason.BAD_LIMIT)),
        (replace(LIVES, ends_at=NOON), NOON + DAY, Deny(Reason.ENDED)),
        (replace(LIVES, state=State.ENDED), NOON + DAY, Deny(Reason.ENDED)),
        (replace(LIVES, holder=Holder.DELEGATE), NOON + DAY, MINE),
    ],
)
def test_may_renew(facts: Standing, ends_at: datetime, answer: Decision) -> None:
    assert policy.may_widen(facts, BILLS, ends_at, limits=LIMITS, at=NOON) == answer


SOON = timedelta(days=RULES.reminder_days)
OFFERED = replace(LIVES, state=State.OFFERED, expires_at=NOON)


@pytest.mark.parametrize(
    ("facts", "expire", "remind"),
    [
        (LIVES, False, True),
        (replace(LIVES, reminded=True), False, False),
        (replace(LIVES, ends_at=NOON + SOON), False, True),
        (replace(LIVES, ends_at=NOON + SOON + SECOND), False, False),
        (replace(LIVES, ends_at=NOON), True, False),
        (replace(PAUSED, ends_at=NOON), True, False),
        (OFFERED, True, False),
        (replace(OFFERED, expires_at=NOON + SECOND), False, False),
        (replace(LIVES, state=State.ENDED, ends_at=NOON), False, False),
    ],
)
def test_when_it_is_over_and_when_that_is_said(facts: Standing, *, expire: bool, remind: bool) -> None:
    assert isinstance(policy.may_expire(facts, limits=LIMITS, at=NOON), Allow) is expire
    assert isinstance(policy.may_remind(facts, limits=LIMITS, at=NOON), Allow) is remind


# --- the law

_ACTIONS = sorted({SEE, PAY, BOOK, PAGE, "partner.large_payment", "delete_account", "create_delegation", "export_data"})
_SCOPES = sorted({*policy.SCOPES, "activity", "offline_access"})
_PARTNERS = st.sampled_from([TEA, BANK])
_AMOUNT = st.none() | st.integers(-2, 8)
_TERMS = st.builds(
    Terms,
    actions=st.sets(st.sampled_from(_ACTIONS)).map(lambda found: tuple(sorted(found))),
    scopes=st.sets(st.sampled_from(_SCOPES)).map(lambda found: tuple(sorted(found))),
    asks=st.sets(st.sampled_from(_ACTIONS), max_size=2).map(lambda found: tuple(sorted(found))),
    partners=st.sets(_PARTNERS, max_size=2).map(lambda found: tuple(sorted(found))),
    currency=st.sampled_from([None, "EUR", "NOK"]),
    amount_each=_AMOUNT,
    amount_month=_AMOUNT,
    times_day=_AMOUNT,
)
_ACTS = st.builds(
    replace,
    st.just(STANDS),
    state=st.sampled_from(State),
    terms=_TERMS,
    owner_open=st.booleans(),
    delegate_open=st.booleans(),
    has_second_step=st.booleans(),
    action=st.none() | st.sampled_from(_ACTIONS),
    scopes=st.sets(st.sampled_from(_SCOPES)).map(lambda found: tuple(sorted(found))),
    partner=st.none() | _PARTNERS,
    amount=_AMOUNT,
    currency=st.sampled_from([None, "EUR", "NOK"]),
    spent=st.integers(0, 8),
    done=st.integers(0, 8),
    approved=st.booleans(),
    ends_at=st.integers(-2, 2).map(lambda days: NOON + days * DAY),
)


@given(_ACTS)
def test_an_allow_is_within_all_that_was_granted(facts: Acting) -> None:
    if not isinstance(policy.may_act(facts, limits=LIMITS, at=NOON), Allow):
        return
    terms = facts.terms
    assert facts.state is State.ACTIVE
    assert facts.owner_open
    assert facts.delegate_open
    assert facts.has_second_step
    assert facts.ends_at is not None
    assert facts.ends_at > NOON
    assert facts.action is None or facts.action in set(terms.actions) - catalogue.NEVER_DELEGATED
    assert set(facts.scopes) <= set(terms.scopes) & policy.SCOPES
    assert facts.partner is None or not terms.partners or facts.partner in terms.partners
    assert facts.action not in terms.asks or facts.approved
    if policy.counts(facts.action) and facts.amount is not None:
        assert facts.currency == terms.currency
        assert terms.amount_each is None or facts.amount <= terms.amount_each
        assert terms.amount_month is None or facts.spent + facts.amount <= terms.amount_month


@given(_TERMS, _TERMS, _ACTS)
def test_what_is_narrower_allows_nothing_that_was_not_allowed(narrow: Terms, wide: Terms, facts: Acting) -> None:
    if narrow.within(wide) and isinstance(
        policy.may_act(replace(facts, terms=narrow), limits=LIMITS, at=NOON), Allow
    ):  # fmt: skip
        assert policy.may_act(replace(facts, terms=wide), limits=LIMITS, at=NOON) == Allow()


@given(st.lists(st.tuples(_TERMS, st.lists(st.tuples(st.integers(-1, 8), st.integers(0, 3)), max_size=6)), max_size=4))
def test_no_sequence_of_changes_and_acts_passes_a_limit(steps: list[tuple[Terms, list[tuple[int, int]]]]) -> None:
    """Each act is counted as ``flows.count`` does; what was refused is not."""
    spent = done = 0
    for terms, acts in steps:
        if policy.may_widen(LIVES, terms, NOON + DAY, limits=LIMITS, at=NOON) != Allow():
            continue
        for amount, _time in acts:
            act = replace(
                PAYS, terms=terms, amount=amount, currency=terms.currency, spent=spent, done=done, approved=True
            )
            if isinstance(policy.may_act(act, limits=LIMITS, at=NOON), Allow):
                spent, done = spent + amount, done + 1
                assert PAY in terms.actions
                assert terms.amount_month is None or spent <= terms.amount_month
                assert terms.times_day is None or done <= terms.times_day
                assert amount >= 0


_REACH = st.builds(
    Reach,
    actions=st.frozensets(st.sampled_from(_ACTIONS)),
    scopes=st.frozensets(st.sampled_from(_SCOPES)),
)


@given(_REACH, _REACH, _REACH)
def test_what_a_delegate_reaches_is_nobodys_union(delegation: Reach, ceiling: Reach, owner: Reach) -> None:
    open_to = policy.open_to(delegation, ceiling, owner, limits=LIMITS)
    for each in (delegation, ceiling, owner):
        assert open_to.actions <= each.actions
        assert open_to.scopes <= each.scopes
    assert not open_to.actions & catalogue.NEVER_DELEGATED
    assert open_to.scopes <= policy.SCOPES


def test_a_stored_question_is_asked_again_as_it_was() -> None:
    """Facts hold ids, codes, counts and instants alone, so what was decided can be decided again."""
    stored = [as_json(PAYS)]
    assert of_question(policy.may_act, stored) == [PAYS]
    assert isinstance(PAYS.delegation, UUID)
