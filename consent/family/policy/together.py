"""Two guardians: either tightens at once, loosening takes both; who comes, who leaves, and what our staff decide."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.family.policy.ages import band
from consent.family.policy.reasons import Reason
from consent.family.shapes import Band, Removing

MOST = 2
"""Guardians of one child: "both" is everybody."""


@dataclass(frozen=True, slots=True)
class Guarding:
    """Somebody, and a child that they want to do something about. Left out: they do not answer for it.

    ``others``: how many answer for it besides, and do not leave; ``waits``: whether the same is asked for already.
    """

    is_guardian: bool = False
    is_protected: bool = True
    others: int = 0
    waits: bool = True
    is_own: bool = True
    is_delegable: bool = False
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody says yes to answering for a child too. Left out: they may not."""

    is_theirs: bool = False
    is_open: bool = False
    expires_at: datetime | None = None
    is_guardian: bool = True
    has_second_step: bool = False
    is_grown_up: bool = False
    says_responsible: bool = False
    guardians: int = MOST
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agreeing:
    """A guardian answers what another one asked for. ``is_current``: what was asked about is as it was."""

    is_guardian: bool = False
    is_asker: bool = True
    is_open: bool = False
    expires_at: datetime | None = None
    is_protected: bool = True
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A removal, or the protection of a child, that our staff decide about. ``concerned``: child and guardians."""

    state: Removing = Removing.KEPT
    ready_at: datetime | None = None
    first: UUID | None = None
    is_protected: bool = False
    concerned: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Staff:
    """Who of our staff acts. ``decides``: by a role that is theirs for good."""

    id: UUID
    is_desk: bool = False
    decides: bool = False


@question("family.may_invite")
def may_invite(facts: Guarding, *, limits: Limits, at: datetime) -> Decision:
    """Who answers for a child alone invites one other person."""
    if (wrong := _guards(facts, at)) is not None:
        return wrong
    if facts.others >= MOST - 1:
        return Deny(Reason.TWO)
    if facts.waits:
        return Deny(Reason.INVITED)
    return Deny(Reason.OWN) if facts.is_own else Allow()


@question("family.may_join")
def may_join(facts: Joining, *, limits: Limits, at: datetime) -> Decision:
    """Whoever it was sent to, an adult with a second step who says that they are responsible too."""
    if (wrong := _open(is_theirs=facts.is_theirs, is_open=facts.is_open, until=facts.expires_at, at=at)) is not None:
        return wrong
    if facts.is_guardian:
        return Deny(Reason.ALREADY)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    if not facts.is_grown_up:
        return Deny(Reason.NOT_ADULT)
    if not facts.says_responsible:
        return Deny(Reason.NOT_RESPONSIBLE)
    if facts.adult_at is None or at >= facts.adult_at:
        return Deny(Reason.GROWN_UP)
    return Deny(Reason.TWO) if facts.guardians >= MOST else Allow()


@question("family.may_refuse")
def may_refuse(facts: Joining, *, limits: Limits, at: datetime) -> Decision:
    """Whoever it was sent to, while it is open: to say no, that is all it takes."""
    return _open(is_theirs=facts.is_theirs, is_open=facts.is_open, until=facts.expires_at, at=at) or Allow()


@question("family.may_limit")
def may_limit(facts: Guarding, *, limits: Limits, at: datetime) -> Decision:
    """Either guardian, at once, for both."""
    return _guards(facts, at) or Allow()


@question("family.may_widen")
def may_widen(facts: Guarding, *, limits: Limits, at: datetime) -> Decision:
    """What can be done for a child at all; with the other guardian, if there is one."""
    if (wrong := _guards(facts, at)) is not None:
        return wrong
    if not facts.is_delegable:
        return Deny(Reason.NEVER)
    if facts.others and facts.waits:
        return Deny(Reason.ASKED)
    return Hold(Reason.ASK_OTHER) if facts.others else Allow()


@question("family.may_agree")
def may_agree(facts: Agreeing, *, limits: Limits, at: datetime) -> Decision:
    """The other guardian, while what it is about is as it was."""
    theirs = facts.is_guardian and not facts.is_asker
    if not theirs:
        return Deny(Reason.NOT_YOURS)
    if (wrong := _open(is_theirs=True, is_open=facts.is_open, until=facts.expires_at, at=at)) is not None:
        return wrong
    if facts.is_protected:
        return Deny(Reason.PROTECTED)
    return Allow() if facts.is_current else Deny(Reason.NOT_CURRENT)


@question("family.may_answer")
def may_answer(facts: Agreeing, *, limits: Limits, at: datetime) -> Decision:
    """To say no, or to take it back: either guardian, while it is open."""
    if not facts.is_guardian:
        return Deny(Reason.NOT_YOURS)
    return Allow() if facts.is_open else Deny(Reason.NOT_OPEN)


@question("family.may_leave")
def may_leave(facts: Guarding, *, limits: Limits, at: datetime) -> Decision:
    """Unless nobody would be left who answers for the child."""
    if not facts.is_guardian:
        return Deny(Reason.NOT_YOURS)
    return Allow() if facts.others else Deny(Reason.LAST)


@question("family.may_ask_removal")
def may_ask_removal(facts: Guarding, *, limits: Limits, at: datetime) -> Decision:
    """One guardian asks that another one be removed, once at a time. It removes nobody."""
    if not facts.is_guardian:
        return Deny(Reason.NOT_YOURS)
    if not facts.others:
        return Deny(Reason.NO_OTHER)
    return Deny(Reason.ASKED) if facts.waits else Allow()


@question("family.may_propose_removal")
def may_propose_removal(case: Case, staff: Staff, *, limits: Limits, at: datetime) -> Decision:
    """The help desk, once the days to think it over are past: either way, for a second person."""
    if not staff.is_desk or staff.id in case.concerned:
        return Deny(Reason.NOT_DESK)
    if case.state is not Removing.WAITING:
        return Deny(Reason.NOT_OPEN)
    return Allow() if case.ready_at is not None and at >= case.ready_at else Deny(Reason.COOLING_OFF)


@question("family.may_decide_removal")
def may_decide_removal(case: Case, staff: Staff, *, limits: Limits, at: datetime) -> Decision:
    """An approver who did not propose it."""
    if not staff.decides or staff.id in case.concerned:
        return Deny(Reason.NOT_APPROVER)
    if case.state is not Removing.PROPOSED:
        return Deny(Reason.NOT_PROPOSED)
    return Deny(Reason.SAME_PERSON) if staff.id == case.first else Allow()


@question("family.may_protect")
def may_protect(case: Case, staff: Staff, *, limits: Limits, at: datetime) -> Decision:
    """Anybody of the help desk, at once."""
    if not staff.is_desk or staff.id in case.concerned:
        return Deny(Reason.NOT_DESK)
    return Deny(Reason.ASKED) if case.is_protected else Allow()


@question("family.may_lift_protection")
def may_lift_protection(case: Case, staff: Staff, *, limits: Limits, at: datetime) -> Decision:
    """An approver, and not whoever protected the child."""
    if not staff.decides or staff.id in case.concerned:
        return Deny(Reason.NOT_APPROVER)
    if not case.is_protected:
        return Deny(Reason.NOT_OPEN)
    return Deny(Reason.SAME_PERSON) if staff.id == case.first else Allow()


def _guards(facts: Guarding, at: datetime) -> Deny | None:
    if not facts.is_guardian:
        return Deny(Reason.NOT_YOURS)
    if facts.is_protected:
        return Deny(Reason.PROTECTED)
    grown_up = band(facts.adult_at, facts.adult_at, at) is Band.ADULT
    return Deny(Reason.GROWN_UP) if grown_up else None


def _open(*, is_theirs: bool, is_open: bool, until: datetime | None, at: datetime) -> Deny | None:
    if not is_theirs:
        return Deny(Reason.NOT_FOR_YOU)
    fresh = until is not None and at < until
    return None if is_open and fresh else Deny(Reason.NOT_OPEN)
