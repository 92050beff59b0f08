"""What may be offered, asked for, answered, changed and ended, and by whom."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.delegation.policy.acting import SCOPES, has_amount, may_be_delegated
from consent.delegation.policy.reasons import Reason
from consent.delegation.shapes import LIVE, State, Terms


class Holder(StrEnum):
    """Who acts, as far as these questions care."""

    OWNER = "owner"
    DELEGATE = "delegate"
    SYSTEM = "system"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people, and what is between them already. Left out: no further one.

    ``open_now``, ``today``: how many whoever begins this has open, and began within a day.
    """

    is_own: bool = True
    is_live: bool = True
    is_circle: bool = True
    open_now: int = 0
    today: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What an owner wants to let somebody do, and for how long."""

    holder: Holder = Holder.OTHER
    terms: Terms = field(default_factory=Terms)
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody asks to act for somebody else. ``refusals``: when that person refused them, in any order."""

    is_asker: bool = False
    has_second_step: bool = False
    terms: Terms = field(default_factory=Terms)
    refusals: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Answering:
    """An offer or a request, and who answers it. ``is_theirs``: it was sent to them. Left out: it is refused."""

    is_open: bool = False
    is_theirs: bool = False
    owner_open: bool = False
    delegate_open: bool = False
    has_second_step: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A delegation as it stands, and who wants to do something about it. ``of_family``: a guardian's, of a child."""

    state: State = State.ENDED
    holder: Holder = Holder.OTHER
    terms: Terms = field(default_factory=Terms)
    ends_at: datetime | None = None
    expires_at: datetime | None = None
    reminded: bool = True
    of_family: bool = False


def wrong_with(terms: Terms, limits: Limits) -> Reason | None:
    """Why nobody can be let do just this; None if they can."""
    if not terms.actions and not terms.scopes:
        return Reason.NOTHING
    if not all(may_be_delegated(action, limits) for action in terms.actions):
        return Reason.NOT_OFFERED
    if not set(terms.scopes) <= SCOPES or not set(terms.asks) <= set(terms.actions):
        return Reason.NOT_OFFERED
    amounts = [each for each in (terms.amount_each, terms.amount_month) if each is not None]
    if not amounts and any(has_amount(action, limits) for action in terms.actions):
        return Reason.NO_LIMIT
    counted = [*amounts, *([terms.times_day] if terms.times_day is not None else [])]
    bad = bool(amounts) is (terms.currency is None) or any(each <= 0 for each in counted) or amounts != sorted(amounts)
    return Reason.BAD_LIMIT if bad else None


def closed_until(refusals: tuple[datetime, ...], limits: Limits) -> datetime | None:
    """Until when somebody who was refused so often by one person cannot ask that person again; None: they can."""
    rules = limits.delegation
    return max(refusals) + timedelta(days=rules.closed_days) if len(refusals) >= rules.refusals else None


def _between(pair: Pair, limits: Limits) -> Deny | None:
    if pair.is_own:
        return Deny(Reason.OWN)
    if pair.is_live:
        return Deny(Reason.SAME)
    return Deny(Reason.CIRCLE) if pair.is_circle else None


def _paced(pair: Pair, limits: Limits) -> Deny | None:
    if pair.open_now >= limits.delegation.open_requests:
        return Deny(Reason.ENOUGH)
    return Deny(Reason.TOO_MANY) if pair.today >= limits.delegation.requests_per_day else None


@question("delegation.may_let")
def may_let(pair: Pair, offer: Offer, *, limits: Limits, at: datetime) -> Decision:
    """The owner, to somebody else, what can be delegated, with limits and an end; one with each person at a time."""
    if offer.holder is not Holder.OWNER:
        return Deny(Reason.NOT_YOURS)
    if (wrong := wrong_with(offer.terms, limits)) is not None:
        return Deny(wrong)
    starts_at, ends_at = offer.starts_at, offer.ends_at
    if starts_at is None or ends_at is None or ends_at <= max(at, starts_at):
        return Deny(Reason.BAD_LIMIT)
    longest = timedelta(days=limits.delegation.longest_days)
    if starts_at > at + longest or ends_at > starts_at + longest:
        return Deny(Reason.TOO_LONG)
    return _between(pair, limits) or Allow()


@question("delegation.may_offer")
def may_offer(pair: Pair, offer: Offer, *, limits: Limits, at: datetime) -> Decision:
    """The same, to somebody who has not asked and hears of it by mail: a few at a time."""
    answer = may_let(pair, offer, limits=limits, at=at)
    return (_paced(pair, limits) or answer) if isinstance(answer, Allow) else answer


@question("delegation.may_ask")
def may_ask(pair: Pair, asking: Asking, *, limits: Limits, at: datetime) -> Decision:
    """Anybody with a second step asks a few people at a time, and nobody who has refused them again and again."""
    if not asking.is_asker:
        return Deny(Reason.NOT_YOURS)
    if not asking.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    if not asking.terms.actions and not asking.terms.scopes:
        return Deny(Reason.NOTHING)
    if (between := _between(pair, limits)) is not None:
        return between
    closed = closed_until(asking.refusals, limits)
    if closed is not None and at < closed:
        return Deny(Reason.CLOSED)
    return _paced(pair, limits) or Allow()


@question("delegation.may_answer")
def may_answer(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Whoever it was sent to, once, while it is open: to say no, that is all it takes."""
    if not facts.is_theirs:
        return Deny(Reason.NOT_FOR_YOU)
    fresh = facts.expires_at is not None and at < facts.expires_at
    return Allow() if facts.is_open and fresh else Deny(Reason.NOT_OPEN)


@question("delegation.may_agree")
def may_agree(facts: Answering, pair: Pair, *, limits: Limits, at: datetime) -> Decision:
    """To say yes, both accounts can be used, whoever will act has a second step, and nothing else is between them."""
    answer = may_answer(facts, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if not facts.owner_open:
        return Deny(Reason.OWNER_SHUT)
    if not facts.delegate_open:
        return Deny(Reason.DELEGATE_SHUT)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    return _between(pair, limits) or Allow()


@question("delegation.may_end")
def may_end(facts: Standing, *, limits: Limits, at: datetime) -> Decision:
    """Either side, at any time, without a word; and we ourselves."""
    if facts.holder is Holder.OTHER:
        return Deny(Reason.NOT_YOURS)
    if facts.of_family and facts.holder is not Holder.SYSTEM:
        return Deny(Reason.FAMILY)
    return Deny(Reason.NOT_OPEN) if facts.state is State.ENDED else Allow()


@question("delegation.may_pause")
def may_pause(facts: Standing, *, limits: Limits, at: datetime) -> Decision:
    """The owner, and we ourselves, while it is active."""
    if facts.holder not in {Holder.OWNER, Holder.SYSTEM}:
        return Deny(Reason.NOT_YOURS)
    if facts.of_family and facts.holder is not Holder.SYSTEM:
        return Deny(Reason.FAMILY)
    return Allow() if facts.state is State.ACTIVE else Deny(Reason.NOT_ACTIVE)


@question("delegation.may_resume")
def may_resume(facts: Standing, *, limits: Limits, at: datetime) -> Decision:
    """The owner alone, while it is paused and not over."""
    if facts.holder is not Holder.OWNER:
        return Deny(Reason.NOT_YOURS)
    if facts.of_family:
        return Deny(Reason.FAMILY)
    if facts.state is not State.PAUSED:
        return Deny(Reason.NOT_PAUSED)
    return Allow() if facts.ends_at is not None and at < facts.ends_at else Deny(Reason.ENDED)


@question("delegation.may_narrow")
def may_narrow(facts: Standing, terms: Terms, *, limits: Limits, at: datetime) -> Decision:
    """The owner, while it is not over, to what lets nobody do more than before."""
    if facts.holder is not Holder.OWNER:
        return Deny(Reason.NOT_YOURS)
    if facts.of_family:
        return Deny(Reason.FAMILY)
    if facts.state not in LIVE:
        return Deny(Reason.ENDED)
    if not terms.within(facts.terms):
        return Deny(Reason.NOT_OFFERED)
    return Deny(wrong) if (wrong := wrong_with(terms, limits)) is not None else Allow()


@question("delegation.may_widen")
def may_widen(facts: Standing, terms: Terms, ends_at: datetime, *, limits: Limits, at: datetime) -> Decision:
    """The owner, while it is not over, to anything that could be offered, until at most twelve months from now."""
    if facts.holder is not Holder.OWNER:
        return Deny(Reason.NOT_YOURS)
    if facts.of_family:
        return Deny(Reason.FAMILY)
    if facts.state not in LIVE or facts.ends_at is None or at >= facts.ends_at:
        return Deny(Reason.ENDED)
    if ends_at <= at:
        return Deny(Reason.BAD_LIMIT)
    if ends_at > at + timedelta(days=limits.delegation.longest_days):
        return Deny(Reason.TOO_LONG)
    return Deny(wrong) if (wrong := wrong_with(terms, limits)) is not None else Allow()


@question("delegation.may_expire")
def may_expire(facts: Standing, *, limits: Limits, at: datetime) -> Decision:
    """Once its time is up, or nobody answered in time."""
    end = facts.expires_at if facts.state is State.OFFERED else facts.ends_at
    over = facts.state is not State.ENDED and (end is None or at >= end)
    return Allow() if over else Deny(Reason.NOT_DUE)


@question("delegation.may_remind")
def may_remind(facts: Standing, *, limits: Limits, at: datetime) -> Decision:
    """Once, some days before the end."""
    days = timedelta(days=limits.delegation.reminder_days)
    due = facts.state in LIVE and not facts.reminded and facts.ends_at is not None
    return (
        Allow()
        if due and facts.ends_at is not None and facts.ends_at - days <= at < facts.ends_at
        else Deny(Reason.NOT_DUE)
    )
