"""Whether somebody who acts for another still does so in this session. Whether they may at all, delegation says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_BEGUN = "acting_not_begun", "You have not begun to act for this person here."
    IDLE = "acting_idle", "Nothing happened for a while, so you no longer act for this person. Nothing was changed."
    OVER = "acting_over", "You no longer act for this person. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Mode:
    """That somebody acts for one owner in one session. Left out: they do not."""

    begun: bool = False
    last_used_at: datetime | None = None
    ended_at: datetime | None = None


@question("acting.may_go_on")
def may_go_on(mode: Mode, *, limits: Limits, at: datetime) -> Decision:
    """While it was begun here, not ended, and used lately."""
    if not mode.begun:
        return Deny(Reason.NOT_BEGUN)
    if mode.ended_at is not None:
        return Deny(Reason.OVER)
    idle = timedelta(minutes=limits.delegation.acting_minutes)
    return Allow() if mode.last_used_at is not None and at - mode.last_used_at < idle else Deny(Reason.IDLE)
