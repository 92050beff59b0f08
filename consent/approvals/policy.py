"""How often an agent may ask, who answers, and when it is paused for asking too much."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from consent.approvals.shapes import State


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    WAITS = "ask_waits", "This program has asked already and waits for the answer."
    TOO_MANY_WAIT = "ask_too_many_wait", "As many programs as there may be wait for an answer already."
    TOO_OFTEN = "ask_too_often", "This program has asked often enough for now."
    NOT_YOURS = "ask_not_yours", "Only the person who was asked can answer."
    OVER = "ask_over", "This was answered, taken back, or waited too long. Nothing was changed just now."
    CHANGED = "ask_changed", "The program has changed since it asked. Nothing was approved; it can ask again."
    NOTHING = "ask_nothing", "Please tick what you approve, or refuse."


@dataclass(frozen=True, slots=True)
class Asking:
    """An agent wants to ask. Left out: it waits already. ``waiting``: of all agents; ``last_hour``: of this one."""

    waits: bool = True
    waiting: int = 0
    last_hour: int = 0


@dataclass(frozen=True, slots=True)
class Answering:
    """Something that was asked, and who answers. ``is_same``: it is all as it was when it was shown. Left out: no."""

    state: State = State.WITHDRAWN
    expires_at: datetime | None = None
    is_owner: bool = False
    is_same: bool = False


@question("approvals.may_ask")
def may_ask(facts: Asking, *, limits: Limits, at: datetime) -> Decision:
    """One at a time, a few in an hour, and no more than one person can look at."""
    rules = limits.asking
    if facts.waits:
        return Deny(Reason.WAITS)
    if facts.waiting >= rules.waiting:
        return Deny(Reason.TOO_MANY_WAIT)
    return Deny(Reason.TOO_OFTEN) if facts.last_hour >= rules.per_hour else Allow()


@question("approvals.may_refuse")
def may_refuse(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Whoever was asked, once, in time. To say no, that is all it takes."""
    if not facts.is_owner:
        return Deny(Reason.NOT_YOURS)
    waits = facts.state is State.WAITING and facts.expires_at is not None and at < facts.expires_at
    return Allow() if waits else Deny(Reason.OVER)


@question("approvals.may_approve")
def may_approve(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """The same; and what they read is what there is. What each thing needs, the gate says."""
    answer = may_refuse(facts, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    return Allow() if facts.is_same else Deny(Reason.CHANGED)


def is_worn_down(answers: Iterable[State], limits: Limits) -> bool:
    """Whether the last answer, a no, is one too many in a row. ``answers``: newest first; what had none counts not."""
    refused = 0
    for each in answers:
        if each in {State.APPROVED, State.USED}:
            break
        refused += each is State.REFUSED
    return refused > 0 and refused % limits.asking.refusals == 0
