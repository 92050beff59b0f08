"""Who may make another version of the policy decide: two people, the second of them not the first."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class VersionState(StrEnum):
    """Where a version stands."""

    FOUND = "found"  # seen in the policy file; decides nothing
    PROPOSED = "proposed"  # a first person wants it, with its replay attached
    DECIDING = "deciding"  # a second person has approved it; exactly one version does
    SUPERSEDED = "superseded"  # it decided once
    REJECTED = "rejected"


class Origin(StrEnum):
    """Where a version came from."""

    INSTALLATION = "installation"  # the file of a fresh installation; approved by nobody, once
    UPGRADE = "upgrade"  # the approved version, completed for newer software; no approved number changed
    FILE = "file"


class Reason(ReasonBase):
    """Why not. ``words`` is what staff read."""

    NOT_AN_ADMINISTRATOR = "not_an_administrator", "Only an administrator may do this."
    DECIDES_ALREADY = "decides_already", "This version decides already."
    ALREADY_PROPOSED = "already_proposed", "Somebody has proposed this version already."
    NOT_PROPOSED = "not_proposed", "Nobody has proposed this version, or it was decided about in the meantime."
    SAME_PERSON = "same_person", "You proposed this version, so somebody else must approve it."
    NO_REPLAY = "no_replay", "There is no complete and recent replay of past decisions with this version."
    BASE_CHANGED = "base_changed", "Another version decides since this one was proposed. Please propose it again."
    UNREADABLE = "unreadable", "The running software cannot use this version. Its page says why."
    CLOSED = "closed", "This version was decided about already."


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version as it stands. ``against`` decided when it was proposed, ``deciding`` does now."""

    state: VersionState | None = None
    is_usable: bool = False
    proposed_by: UUID | None = None
    has_replay: bool = False
    against: str | None = None
    deciding: str | None = None


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """Who asks."""

    id: UUID | None = None
    is_administrator: bool = False


@question("governance.may_propose")
def may_propose(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person propose it? A version that was rejected or that decided once may come back."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if version.state is VersionState.DECIDING:
        return Deny(Reason.DECIDES_ALREADY)
    # Against another version than today's, a proposal is void and may be made anew.
    if version.state is VersionState.PROPOSED and version.against == version.deciding:
        return Deny(Reason.ALREADY_PROPOSED)
    if version.state is None or not version.is_usable:
        return Deny(Reason.UNREADABLE)
    if not version.has_replay:
        return Deny(Reason.NO_REPLAY)
    return Allow()


@question("governance.may_replay")
def may_replay(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person have past decisions asked under it? Who may propose it, but for the replay itself."""
    return may_propose(replace(version, has_replay=True), staff, limits=limits, at=at)


@question("governance.may_approve")
def may_approve(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person make it decide?"""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if version.state is VersionState.DECIDING:
        return Deny(Reason.DECIDES_ALREADY)
    if version.state is not VersionState.PROPOSED or version.proposed_by is None:
        return Deny(Reason.NOT_PROPOSED)
    if version.proposed_by == staff.id:
        return Deny(Reason.SAME_PERSON)
    if not version.has_replay:
        return Deny(Reason.NO_REPLAY)
    if version.deciding is None or version.against != version.deciding:
        return Deny(Reason.BASE_CHANGED)
    if not version.is_usable:
        return Deny(Reason.UNREADABLE)
    return Allow()


@question("governance.may_reject")
def may_reject(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person say no to it? The proposer too: that takes the proposal back."""
    if staff.id is None or not staff.is_administrator:
        return Deny(Reason.NOT_AN_ADMINISTRATOR)
    if version.state not in {VersionState.FOUND, VersionState.PROPOSED}:
        return Deny(Reason.CLOSED)
    return Allow()
