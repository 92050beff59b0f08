"""Removing an owner takes two: another owner agrees, or, where there is none who could, time in which they can object.

Who objects is decided about by two people of the help desk. Who became an owner a short time ago agrees to nothing, so
that nobody makes themselves a second one for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.roles import Role
from consent.business.policy.members import Manager, Member, manages
from consent.business.policy.reasons import Reason
from consent.business.shapes import OPEN, Removal, Stands


@dataclass(frozen=True, slots=True)
class Case:
    """A removal as it stands. ``by_stands``, ``who_stands``: who asked, and whom it is about, are owners still.

    ``others``: further owners who could agree.
    """

    state: Removal = Removal.OFF
    by: UUID | None = None
    who: UUID | None = None
    by_stands: bool = False
    who_stands: bool = False
    others: int = 0
    ready_at: datetime | None = None
    agreed: bool = False
    proposed_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who does something about it. ``since``: an owner since then; None: they are none."""

    id: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Helper:
    """One of the staff. ``standing``: roles that they were given; ``is_party``: they belong to the business."""

    id: UUID | None = None
    standing: tuple[Role, ...] = ()
    is_party: bool = True


def has_rested(since: datetime, limits: Limits, at: datetime) -> bool:
    """Whether somebody who is an owner since then may agree to the removal of another."""
    return at - since >= timedelta(days=limits.business.owner_rest_days)


@question("business.may_ask_removal")
def may_ask_removal(who: Manager, member: Member, *, limits: Limits, at: datetime) -> Decision:
    """An owner, of another one, once at a time."""
    if (no := manages(who)) is not None:
        return no
    if member.stands is not Stands.MEMBER or not member.is_owner:
        return Deny(Reason.NOT_A_MEMBER)
    if member.is_self:
        return Deny(Reason.NOT_THEIR_OWN)
    return Deny(Reason.ASKED_ALREADY) if member.is_asked else Allow()


@question("business.may_agree")
def may_agree(case: Case, owner: Owner, *, limits: Limits, at: datetime) -> Decision:
    """Another owner of some standing: not who asked, not who is removed."""
    if owner.since is None:
        return Deny(Reason.NOT_AN_OWNER)
    if (no := _waits(case)) is not None:
        return no
    if owner.id in {None, case.by, case.who}:
        return Deny(Reason.SAME_PERSON)
    return Allow() if has_rested(owner.since, limits, at) else Deny(Reason.TOO_NEW)


@question("business.may_object")
def may_object(case: Case, owner: Owner, *, limits: Limits, at: datetime) -> Decision:
    """Who is to be removed, while it waits; from then on the help desk decides."""
    if owner.since is None or owner.id != case.who:
        return Deny(Reason.NOT_YOURS)
    return _waits(case) or Allow()


@question("business.may_call_off")
def may_call_off(case: Case, owner: Owner, *, limits: Limits, at: datetime) -> Decision:
    """Who asked for it, at any time before it is decided."""
    if owner.id is None or owner.id != case.by:
        return Deny(Reason.NOT_YOURS)
    return Allow() if case.state in OPEN else Deny(Reason.NOT_WAITING)


@question("business.may_carry_out")
def may_carry_out(case: Case, *, limits: Limits, at: datetime) -> Decision:
    """Once another owner agreed; or, where none could, once nobody objected in time. Both sides are owners still."""
    if (no := _waits(case)) is not None:
        return no
    if not (case.by_stands and case.who_stands):
        return Deny(Reason.NOT_WAITING)
    if case.agreed:
        return Allow()
    if case.others > 0:
        return Deny(Reason.NEEDS_ANOTHER)
    ready = case.ready_at is not None and at >= case.ready_at
    return Allow() if ready else Deny(Reason.STILL_WAITS)


@question("business.may_propose_verdict")
def may_propose_verdict(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """An agent, on what was objected to, once."""
    if helper.is_party or Role.AGENT not in helper.standing:
        return Deny(Reason.NOT_STAFF)
    if case.state is not Removal.OBJECTED:
        return Deny(Reason.NOT_WAITING)
    return Allow() if case.proposed_by is None else Deny(Reason.PROPOSED_ALREADY)


@question("business.may_settle")
def may_settle(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """A second person, who did not propose it. Approving and sending back are the same question."""
    if helper.is_party or Role.APPROVER not in helper.standing:
        return Deny(Reason.NOT_STAFF)
    if case.state is not Removal.OBJECTED:
        return Deny(Reason.NOT_WAITING)
    if case.proposed_by is None:
        return Deny(Reason.NOT_PROPOSED)
    return Deny(Reason.DESK_SAME_PERSON) if helper.id is None or helper.id == case.proposed_by else Allow()


def _waits(case: Case) -> Deny | None:
    if case.state is Removal.OBJECTED:
        return Deny(Reason.DESK_DECIDES)
    return None if case.state is Removal.ASKED else Deny(Reason.NOT_WAITING)
