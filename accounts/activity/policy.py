"""May this be looked at by the help desk, may it be closed, and does the link still answer for its session?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core import gate
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.roles import Role

MAY_CLOSE = frozenset({Role.AGENT, Role.APPROVER})
_STOPPED = frozenset({"hold", "deny"})


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    NOT_STOPPED = "not_stopped", "There is nothing to look at: this was not stopped."
    ALREADY_ASKED = "already_asked", "Our help desk has your question already. You hear from us by mail."
    TOO_MANY_DISPUTES = "too_many_disputes", "You have asked about several things today. Please come back tomorrow."
    ALREADY_CLOSED = "already_closed", "This has been closed already."
    NOT_YOUR_ROLE = "not_your_role", "Your role cannot close this."
    YOUR_OWN = "your_own", "This is about your own account. Somebody else has to look at it."
    ANSWER_LINK_DEAD = "answer_link_dead", "This link has been used already, or it has expired."


@dataclass(frozen=True, slots=True)
class ContestFacts:
    """A decision that a customer does not agree with. ``opened_today``: what they contested in the last 24 hours."""

    answer: str
    by_the_gate: bool
    already_asked: bool
    opened_today: int


@question("dispute.may_contest")
def may_contest(facts: ContestFacts, *, limits: Limits, at: datetime) -> Decision:
    """What stopped the customer, once, and not endlessly many a day."""
    if not facts.by_the_gate or facts.answer not in _STOPPED:
        return Deny(Reason.NOT_STOPPED)
    if facts.already_asked:
        return Deny(Reason.ALREADY_ASKED)
    if facts.opened_today >= limits.disputes.per_customer_per_day:
        return Deny(Reason.TOO_MANY_DISPUTES)
    return Allow()


@dataclass(frozen=True, slots=True)
class CloseFacts:
    """A dispute, and the member of staff who would close it."""

    is_open: bool
    customer: UUID
    staff: UUID
    roles: tuple[Role, ...]
    assurance: Assurance


@question("dispute.may_close")
def may_close(facts: CloseFacts, *, limits: Limits, at: datetime) -> Decision:
    """Help desk staff, signed in with two factors, about somebody else, while it is open."""
    if not MAY_CLOSE & set(facts.roles):
        return Deny(Reason.NOT_YOUR_ROLE)
    if facts.staff == facts.customer:
        return Deny(Reason.YOUR_OWN)
    if not facts.assurance.meets(Level.AAL2, None, at):
        return StepUp(Level.AAL2, gate.Reason.PROVE_MORE)
    if not facts.is_open:
        return Deny(Reason.ALREADY_CLOSED)
    return Allow()


@dataclass(frozen=True, slots=True)
class AnswerLinkFacts:
    """A link that somebody opened, and whether the session it speaks of is still on record."""

    is_live: bool
    session_known: bool


@question("dispute.may_answer")
def may_answer(facts: AnswerLinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, and in time. Neither a new password nor the end of the session takes the answer away."""
    if not facts.is_live:
        return Deny(Reason.ANSWER_LINK_DEAD)
    if not facts.session_known:
        return Deny(Reason.ANSWER_LINK_DEAD)
    return Allow()
