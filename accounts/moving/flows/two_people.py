"""The operator's command proposes, an administrator approves on the staff site; anybody of them says no."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import Move, Session, User
from accounts.moving import events, policy
from accounts.moving.policy import MoveFacts
from accounts.moving.shapes import Direction, State
from accounts.staff.flows import people
from accounts.step_up.flows import by_staff
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action

_OPEN = (State.PROPOSED, State.APPROVED)


def found(direction: Direction, sha256: str) -> Move | None:
    """What was proposed of just this, and is neither through nor refused."""
    return Move.objects.filter(direction=direction, sha256=sha256, state__in=_OPEN).first()


@flow
def propose(direction: Direction, sha256: str, counts: dict[str, Any], *, by: Actor, at: datetime) -> Move:
    """Nothing is done yet. What was proposed of the same before, and has run out of time, gives way."""
    require(policy.may_propose, MoveFacts(by_command=by.kind is ActorKind.SYSTEM), about=None, by=by, at=at)
    for former in Move.objects.select_for_update().filter(direction=direction, sha256=sha256, state__in=_OPEN):
        former.reject(None, at)
    move = Move.objects.create(
        direction=direction,
        state=State.PROPOSED,
        sha256=sha256,
        counts=counts,
        proposed_at=at,
        expires_at=at + timedelta(hours=limits.current().moving.proposal_hours),
    )
    event = events.MoveProposed(move=move.pk, direction=direction, customers=counts.get("customers", 0))
    record(event, about=None, by=by, at=at)
    return move


@flow
def approve(move: Move, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """The second person makes it so. Raises ProveMore, OnHold, Refused."""
    move = _locked(move)
    decision = by_staff(Action.STAFF_MOVE_CUSTOMERS, staff, session, about=None, by=by, at=at)
    require(policy.may_approve, standing(move), people.staff_facts(staff), about=None, by=by, at=at)
    move.approve(staff.pk, at)
    event = events.MoveApproved(move=move.pk, direction=Direction(move.direction))
    record(event, about=None, by=by, at=at, decision=decision)


@flow
def reject(move: Move, staff: User, session: Session, *, by: Actor, at: datetime) -> None:
    """No, or no further. Raises ProveMore, OnHold, Refused."""
    move = _locked(move)
    decision = by_staff(Action.STAFF_MOVE_CUSTOMERS, staff, session, about=None, by=by, at=at)
    require(policy.may_reject, standing(move), people.staff_facts(staff), about=None, by=by, at=at)
    move.reject(staff.pk, at)
    event = events.MoveRejected(move=move.pk, direction=Direction(move.direction))
    record(event, about=None, by=by, at=at, decision=decision)


def go_on(move: Move, sha256: str, *, by: Actor, at: datetime) -> Move:
    """As it stands now, locked until the transaction is through, if another step may be done. Raises Refused."""
    move = _locked(move)
    require(policy.may_go_on, standing(move, sha256), about=None, by=by, at=at)
    return move


def end(move: Move, *, by: Actor, at: datetime) -> None:
    """It is through. Part of a flow that has locked it."""
    move.end(at)
    event = events.MoveEnded(
        move=move.pk, direction=Direction(move.direction), customers=move.customers, broken=move.broken
    )
    record(event, about=None, by=by, at=at)


def standing(move: Move, sha256: str = "") -> MoveFacts:
    """What the policy asks about it. ``sha256``: of what is in hand."""
    return MoveFacts(
        state=State(move.state),
        expires_at=move.expires_at,
        approved_at=move.approved_at,
        is_same=move.sha256 == sha256,
    )


def _locked(move: Move) -> Move:
    return Move.objects.select_for_update().get(pk=move.pk)
