"""Whether a delegate may do this now. Nobody's rights add up.

Never, whatever is granted: what the catalogue calls never delegated, scopes by which somebody stays or looks on, and
delegation itself. Missing facts count against.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy import catalogue
from ciam_portal.core.policy.catalogue import GATEWAY, PARTNER, Action
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.delegation.policy.reasons import Reason
from consent.delegation.shapes import Kind, State, Terms

SCOPES = frozenset({"openid", "profile", "email", "phone"})
"""What of the owner's data somebody can be let see. Where and when the owner signed in is nobody else's to read."""


@dataclass(frozen=True, slots=True)
class Acting:
    """One thing that a delegate wants to do for an owner, and all it rests on. Left out: no.

    ``action`` None: only whether they may act at all. ``place_covered``: whether it is at an address that it is for.
    ``spent``, ``done``: of the owner's month and day. ``approved``: the owner has said yes to just this.
    """

    delegation: UUID | None = None
    kind: Kind | None = None
    state: State = State.ENDED
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    terms: Terms = field(default_factory=Terms)
    owner_open: bool = False
    delegate_open: bool = False
    has_second_step: bool = False
    action: str | None = None
    scopes: tuple[str, ...] = ()
    partner: UUID | None = None
    place_covered: bool = False
    amount: int | None = None
    currency: str | None = None
    spent: int = 0
    done: int = 0
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """Actions and scopes, as somebody has them."""

    actions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


def may_be_delegated(action: str, limits: Limits) -> bool:
    """Whether this action can be done for somebody else at all, by the policy as it is now."""
    row = limits.actions.get(action)
    known = action == Action.SEE_PROFILE or action.startswith((PARTNER, GATEWAY))
    never = action in catalogue.NEVER_DELEGATED
    return known and not never and row is not None and Channel.DELEGATED in row.channels


def has_amount(action: str, limits: Limits) -> bool:
    """Whether money is moved by it: the catalogue says from which amount on it is large."""
    row = limits.actions.get(action)
    return row is not None and (bool(row.large) or any(each.large_action == action for each in limits.actions.values()))


def counts(action: str | None) -> bool:
    """Whether doing it counts against how often and how much: what is done, not what is looked at."""
    return action is not None and action.startswith(PARTNER)


def open_to(delegation: Reach, ceiling: Reach, owner_now: Reach, *, limits: Limits) -> Reach:
    """What a delegate reaches: what was granted, what they may reach at all, and what the owner could do now."""
    actions = delegation.actions & ceiling.actions & owner_now.actions
    return Reach(
        frozenset(action for action in actions if may_be_delegated(action, limits)),
        delegation.scopes & ceiling.scopes & owner_now.scopes & SCOPES,
    )


@question("delegation.may_act")
def may_act(facts: Acting, *, limits: Limits, at: datetime) -> Decision:
    """Everything it rests on stands at this moment, and it is within what was granted and its limits."""
    return _stands(facts, at) or _granted(facts, limits) or _limited(facts, limits) or _asked_first(facts) or Allow()


def _stands(facts: Acting, at: datetime) -> Deny | None:
    if facts.state is not State.ACTIVE:
        of = {State.OFFERED: Reason.NOT_ACCEPTED, State.PAUSED: Reason.PAUSED}
        return Deny(of.get(facts.state, Reason.ENDED))
    if facts.starts_at is None or at < facts.starts_at:
        return Deny(Reason.NOT_YET)
    if facts.ends_at is None or at >= facts.ends_at:
        return Deny(Reason.ENDED)
    if not facts.owner_open:
        return Deny(Reason.OWNER_SHUT)
    if not facts.delegate_open:
        return Deny(Reason.DELEGATE_SHUT)
    return None if facts.has_second_step else Deny(Reason.NO_SECOND_STEP)


def _granted(facts: Acting, limits: Limits) -> Deny | None:
    if facts.action is not None and not may_be_delegated(facts.action, limits):
        return Deny(Reason.NEVER)
    if not set(facts.scopes) <= SCOPES:
        return Deny(Reason.NEVER)
    covered = facts.action is None or facts.action in facts.terms.actions
    if not covered or not set(facts.scopes) <= set(facts.terms.scopes):
        return Deny(Reason.NOT_GRANTED)
    for_app = facts.partner is None or not facts.terms.partners or facts.partner in facts.terms.partners
    return None if for_app and facts.place_covered else Deny(Reason.NOT_FOR_APP)


def _limited(facts: Acting, limits: Limits) -> Deny | None:
    terms, action = facts.terms, facts.action
    if action is None or not counts(action):
        return None
    if terms.times_day is not None and facts.done >= terms.times_day:
        return Deny(Reason.TOO_OFTEN)
    if facts.amount is None and not has_amount(action, limits):
        return None
    if terms.amount_each is None and terms.amount_month is None:
        return Deny(Reason.NO_LIMIT)
    if facts.amount is None or facts.amount < 0:
        return Deny(Reason.NO_AMOUNT)
    if facts.currency is None or facts.currency != terms.currency:
        return Deny(Reason.OTHER_CURRENCY)
    if terms.amount_each is not None and facts.amount > terms.amount_each:
        return Deny(Reason.TOO_MUCH)
    over = terms.amount_month is not None and facts.spent + facts.amount > terms.amount_month
    return Deny(Reason.MONTH_SPENT) if over else None


def _asked_first(facts: Acting) -> Hold | None:
    return Hold(Reason.ASK_OWNER) if facts.action in facts.terms.asks and not facts.approved else None
