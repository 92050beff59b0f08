"""Who may change what about an app: its owner asks, somebody of the staff who is not its owner decides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class State(StrEnum):
    """Where a request for a change stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_YOURS = "app_not_yours", "Only the person who answers for this app can do this."
    OPEN_ALREADY = "change_open", "You have asked for a change already. Wait for the answer, or take it back first."
    NOTHING_NEW = "nothing_new", "This is how the app is set up already."
    FITS_NO_MORE = "fits_no_more", "The app could no longer be set up like this. Reject it; its owner can ask again."
    NOT_OPEN = "change_closed", "This request was decided about, or taken back, in the meantime."
    NOT_AN_ADMINISTRATOR = "not_an_administrator", "Only an administrator may do this."
    SAME_PERSON = "same_person", "You asked for this change, or answer for the app, so somebody else must decide."


@dataclass(frozen=True, slots=True)
class AppFacts:
    """An app, who asks, and what stands between its owner and a change."""

    owner: UUID | None
    asks: UUID | None
    has_open: bool = False
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """A request as it stands, and who decides about it."""

    state: State
    asked_by: UUID | None
    owner: UUID | None
    decides: UUID | None
    is_administrator: bool


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """Who of the staff acts."""

    id: UUID | None
    is_administrator: bool


@question("console.may_manage")
def may_manage(app: AppFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person replace or end what the app shows?"""
    return Allow() if app.asks is not None and app.asks == app.owner else Deny(Reason.NOT_YOURS)


@question("console.may_ask")
def may_ask(app: AppFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person ask for a change? One at a time, and only for something new."""
    answer = may_manage(app, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if app.has_open:
        return Deny(Reason.OPEN_ALREADY)
    return Allow() if app.is_new else Deny(Reason.NOTHING_NEW)


@question("console.may_take_back")
def may_take_back(app: AppFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person take back what was asked?"""
    answer = may_manage(app, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    return Allow() if app.has_open else Deny(Reason.NOT_OPEN)


@question("console.may_switch")
def may_switch(staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person switch an app off, or on again?"""
    return Allow() if staff.is_administrator else Deny(Reason.NOT_AN_ADMINISTRATOR)


@question("console.may_approve")
def may_approve(change: ChangeFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person approve it? Never who asked, nor who owns the app."""
    if change.decides is None or not change.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if change.state is not State.OPEN:
        return Deny(Reason.NOT_OPEN)
    if change.decides in {change.asked_by, change.owner}:
        return Deny(Reason.SAME_PERSON)
    return Allow()


@question("console.may_reject")
def may_reject(change: ChangeFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person say no?"""
    if change.decides is None or not change.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    return Allow() if change.state is State.OPEN else Deny(Reason.NOT_OPEN)
