"""May customers be brought in, or given away? One person proposes, another approves; asked again at each step."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.moving.shapes import State
from accounts.staff.policy import StaffFacts
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what staff and operators read."""

    NOT_BY_COMMAND = "move_not_by_command", "Only the operator's command proposes this."
    NOT_AN_ADMINISTRATOR = (
        "move_not_an_administrator",
        "Only an administrator may do this, and not by a role for an hour.",
    )
    NOT_OPEN = "move_not_open", "This was decided about already."
    PROPOSAL_EXPIRED = "move_proposal_expired", "Nobody approved this in time. Please propose it again."
    NOT_APPROVED = "move_not_approved", "An administrator has to approve this on the staff site first."
    APPROVAL_EXPIRED = "move_approval_expired", "This was approved too long ago. Please propose it again."
    OTHER_FILE = "move_other_file", "This is not what was approved."


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """A proposal as it stands. ``is_same``: what is in hand now is what was proposed."""

    state: State | None = None
    by_command: bool = False
    expires_at: datetime | None = None
    approved_at: datetime | None = None
    is_same: bool = False


@question("moving.may_propose")
def may_propose(move: MoveFacts, *, limits: Limits, at: datetime) -> Decision:
    """Whoever runs the installation has the file, or the recipient's key; to propose decides nothing."""
    return Allow() if move.by_command else Deny(Reason.NOT_BY_COMMAND)


@question("moving.may_approve")
def may_approve(move: MoveFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """The second person."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if move.state is not State.PROPOSED:
        return Deny(Reason.NOT_OPEN)
    return Allow() if move.expires_at is not None and at < move.expires_at else Deny(Reason.PROPOSAL_EXPIRED)


@question("moving.may_reject")
def may_reject(move: MoveFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """A no, also to what was approved, as long as it is not through: it stops at its next step."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    return Allow() if move.state in {State.PROPOSED, State.APPROVED} else Deny(Reason.NOT_OPEN)


@question("moving.may_go_on")
def may_go_on(move: MoveFacts, *, limits: Limits, at: datetime) -> Decision:
    """Asked before each step: exactly what was approved, and not long after."""
    if move.state is not State.APPROVED or move.approved_at is None:
        return Deny(Reason.NOT_APPROVED)
    if not move.is_same:
        return Deny(Reason.OTHER_FILE)
    ends = move.approved_at + timedelta(hours=limits.moving.run_hours)
    return Allow() if at < ends else Deny(Reason.APPROVAL_EXPIRED)
