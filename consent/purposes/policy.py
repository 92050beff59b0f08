"""What a purpose may say, when a change of it asks again, and who may bring it on its way: two people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded


class State(StrEnum):
    """Where a version stands. What it says is frozen from the approval on."""

    DRAFT = "draft"
    PROPOSED = "proposed"  # a first person wants it
    APPROVED = "approved"  # a second one too; it decides nothing yet
    ACTIVE = "active"  # this is what data is used under; one version of a purpose at most
    RETIRED = "retired"


OPEN = frozenset({State.DRAFT, State.PROPOSED, State.APPROVED})


class Basis(Worded):
    """On what the use rests (GDPR article 6). Only consent is asked for, and taken back."""

    CONSENT = "consent", "You allow it, and can take that back."
    CONTRACT = "contract", "Your account needs it."
    LEGAL_OBLIGATION = "legal_obligation", "A law asks for it."
    LEGITIMATE_INTEREST = "legitimate_interest", "We have a good reason, and you can object."


class Recipient(Worded):
    """Who gets the data."""

    OURSELVES = "ourselves", "We ourselves"
    APP = "app", "The app that you connect"
    PROCESSOR = "processor", "Companies that work for us, on our orders"
    RESEARCHER = "researcher", "Researchers outside"
    DELEGATE = "delegate", "People whom you let act for you"


class Access(Worded):
    """What is done with it."""

    READ = "read", "It is read."
    SHARE = "share", "It is given to others."
    PROFILE = "profile", "It is used to find out what suits you."
    CONTACT = "contact", "It is used to write to you."


class Sensitivity(Worded):
    """How much harm its misuse could do."""

    ORDINARY = "ordinary", "Ordinary"
    SENSITIVE = "sensitive", "Sensitive"
    SPECIAL = "special", "Special (GDPR article 9)"


class Reason(ReasonBase):
    """Why not. ``words`` is what staff read, or the customer whose data was to be used."""

    NOT_AN_OFFICER = "not_a_privacy_officer", "Only a privacy officer or an administrator may do this."
    NOT_A_DRAFT = (
        "purpose_not_a_draft",
        "Only a draft can be changed or proposed. Another version is on its way already.",
    )
    CHANGED_MEANWHILE = "purpose_changed_meanwhile", "Somebody changed this version meanwhile. Look at it again."
    UNSOUND = "purpose_unsound", "What this version says does not fit together. Change the draft: its form says why."
    NOTHING_NEW = "purpose_nothing_new", "This version says what the active one says already."
    NOT_PROPOSED = "purpose_not_proposed", "Nobody has proposed this version, or it was decided about meanwhile."
    SAME_PERSON = "purpose_same_person", "You drafted or proposed this version, so somebody else must approve it."
    NOT_APPROVED = "purpose_not_approved", "Only a version that a second person has approved can be made active."
    BASE_CHANGED = "purpose_base_changed", "Another version is active since this one was proposed. Propose it again."
    NEEDED = "purpose_needed", "The portal itself rests on this purpose. Replace it with another version instead."
    RETIRED_ALREADY = "purpose_retired_already", "This version is retired already."
    EDITED = "purpose_edited", "What this purpose says is not what was approved, so nothing is used for it."
    UNKNOWN = "purpose_unknown", "There is no such purpose."
    NOT_ACTIVE = "purpose_not_active", "This purpose is not in use yet."
    RETIRED = "purpose_retired", "This purpose is no longer in use."
    NO_PURPOSE = "scope_without_purpose", "Nobody has said what this is used for, so it is not given to anybody."


class Wrong(Worded):
    """What is wrong with the terms of a version, as whoever writes it reads it."""

    UNKNOWN_CATEGORY = "unknown_category", "One of these data categories is not known."
    NO_CATEGORY = "no_category", "Say which data is used."
    NO_RECIPIENT = "no_recipient", "Say who gets the data."
    NOT_A_PART = "not_a_part", "What can be refused alone must be one of the categories that are used."
    REFUSED_ALONE = "refused_alone", "Only what people allow can be refused: this rests on something else."
    ENDLESS = "endless", "What people allow ends: say after how many days."
    ENDS = "ends", "Only what people allow ends by itself: leave the days empty."


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version says, but for its texts. Days of None: as long as the account, or until it is taken back."""

    basis: str
    access: str
    categories: tuple[str, ...]
    optional: tuple[str, ...]
    recipients: tuple[str, ...]
    retention_days: int | None
    valid_for_days: int | None
    sensitivity: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version as it stands. ``against``: the active one when it was proposed; ``active``: now.

    ``is_as_shown``: it is still what this person had before their eyes; ``is_sound``: nothing is wrong with its terms.
    """

    state: State
    drafted_by: UUID | None = None
    proposed_by: UUID | None = None
    against: UUID | None = None
    active: UUID | None = None
    is_as_shown: bool = True
    is_new: bool = True
    is_sound: bool = True
    is_intact: bool = True
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """Who asks."""

    id: UUID | None = None
    is_officer: bool = False


def is_material(before: Terms | None, after: Terms, *, said: bool) -> bool:
    """Whether this change asks everybody again. ``said``: whoever drafted it says so.

    Another basis, category, recipient or use, more harm, or for longer: always, whatever was said.
    """
    if before is None or said:
        return True
    return bool(
        before.basis != after.basis
        or before.access != after.access
        or set(before.categories) != set(after.categories)
        or not set(before.optional) <= set(after.optional)  # what could be refused no longer can
        or set(before.recipients) != set(after.recipients)
        or before.sensitivity != after.sensitivity
        or _is_longer(before.retention_days, after.retention_days)
        or _is_longer(before.valid_for_days, after.valid_for_days)
    )


def _is_longer(before: int | None, after: int | None) -> bool:
    return before is not None and (after is None or after > before)


def wrong(terms: Terms, known: Iterable[str]) -> tuple[Wrong, ...]:
    """All that is wrong with these terms; ``known`` are the data categories that there are."""
    is_asked = terms.basis == Basis.CONSENT
    found = {
        Wrong.UNKNOWN_CATEGORY: not set(terms.categories) <= set(known),
        Wrong.NO_CATEGORY: not terms.categories,
        Wrong.NO_RECIPIENT: not terms.recipients,
        Wrong.NOT_A_PART: not set(terms.optional) <= set(terms.categories),
        Wrong.REFUSED_ALONE: bool(terms.optional) and not is_asked,
        Wrong.ENDLESS: is_asked and terms.valid_for_days is None,
        Wrong.ENDS: not is_asked and terms.valid_for_days is not None,
    }
    return tuple(each for each, holds in found.items() if holds)


@question("purposes.may_draft")
def may_draft(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person write or change a draft? ``version`` is the one on its way, or a fresh one."""
    if staff.id is None or not staff.is_officer:
        return Deny(Reason.NOT_AN_OFFICER)
    if version.state is not State.DRAFT:
        return Deny(Reason.NOT_A_DRAFT)
    return Allow() if version.is_as_shown else Deny(Reason.CHANGED_MEANWHILE)


@question("purposes.may_propose")
def may_propose(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person put it before a second one?"""
    answer = may_draft(version, staff, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if not version.is_intact:
        return Deny(Reason.EDITED)
    if not version.is_sound:
        return Deny(Reason.UNSOUND)
    return Allow() if version.is_new else Deny(Reason.NOTHING_NEW)


@question("purposes.may_approve")
def may_approve(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person say yes? Never who wrote or proposed it."""
    if staff.id is None or not staff.is_officer:
        return Deny(Reason.NOT_AN_OFFICER)
    if version.state is not State.PROPOSED or version.proposed_by is None:
        return Deny(Reason.NOT_PROPOSED)
    if staff.id in {version.drafted_by, version.proposed_by}:
        return Deny(Reason.SAME_PERSON)
    if not version.is_as_shown:
        return Deny(Reason.CHANGED_MEANWHILE)
    if not version.is_intact:
        return Deny(Reason.EDITED)
    if not version.is_sound:
        return Deny(Reason.UNSOUND)
    return Allow() if version.against == version.active else Deny(Reason.BASE_CHANGED)


@question("purposes.may_reject")
def may_reject(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person send it back, to be written again? Who proposed it too: that takes the proposal back."""
    if staff.id is None or not staff.is_officer:
        return Deny(Reason.NOT_AN_OFFICER)
    if version.state is not State.PROPOSED:
        return Deny(Reason.NOT_PROPOSED)
    return Allow() if version.is_intact else Deny(Reason.EDITED)


@question("purposes.may_activate")
def may_activate(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person let it hold from now on? Either of the two, or another; what was approved, and nothing else."""
    if staff.id is None or not staff.is_officer:
        return Deny(Reason.NOT_AN_OFFICER)
    if version.state is not State.APPROVED:
        return Deny(Reason.NOT_APPROVED)
    if not version.is_intact:
        return Deny(Reason.EDITED)
    return Allow() if version.against == version.active else Deny(Reason.BASE_CHANGED)


@question("purposes.may_retire")
def may_retire(version: VersionFacts, staff: StaffFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this person end it? Active, nothing is used for it from then on; on its way, it is given up."""
    if staff.id is None or not staff.is_officer:
        return Deny(Reason.NOT_AN_OFFICER)
    if version.state is State.RETIRED:
        return Deny(Reason.RETIRED_ALREADY)
    if version.state is State.ACTIVE and version.is_needed:
        return Deny(Reason.NEEDED)
    return Allow()
