"""May a customer ask for a copy of their data, and take it away? What the session has proven, the gate asks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    NOT_YOURS = "not_yours", "Only the owner of the account can do this."
    TOO_MANY_EXPORTS = (
        "too_many_exports",
        "You have asked for a copy of your data several times today. Please come back tomorrow.",
    )
    NOT_READY = "export_not_ready", "Your copy is not ready yet. Please look again in a few minutes."
    EXPORT_OVER = "export_over", "This copy is no longer offered. You can ask for a new one."


class State(StrEnum):
    """Where a copy stands."""

    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    REPLACED = "replaced"  # by a newer one, or the account was locked: nothing of it is kept but that it was asked for


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and how often this was asked for within a day. Left out: somebody else."""

    is_owner: bool = False
    asked_today: int = 0


@dataclass(frozen=True, slots=True)
class Taking:
    """A copy that somebody wants to take away."""

    is_owner: bool = False
    state: State | None = None
    expires_at: datetime | None = None


@question("export.may_ask")
def may_ask(facts: Asking, *, limits: Limits, at: datetime) -> Decision:
    """The owner, a few times a day; never anybody for them."""
    if not facts.is_owner:
        return Deny(Reason.NOT_YOURS)
    return Deny(Reason.TOO_MANY_EXPORTS) if facts.asked_today >= limits.rights.exports_per_day else Allow()


@question("export.may_take")
def may_take(facts: Taking, *, limits: Limits, at: datetime) -> Decision:
    """The owner, once it is ready and while it is offered."""
    if not facts.is_owner:
        return Deny(Reason.NOT_YOURS)
    if facts.state is State.MAKING:
        return Deny(Reason.NOT_READY)
    if facts.state is not State.READY or facts.expires_at is None or at >= facts.expires_at:
        return Deny(Reason.EXPORT_OVER)
    return Allow()
