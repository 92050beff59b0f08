"""What is recorded of families. Each side has a row of its own; no date of birth, and nobody's name."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ChildAdded(AuditEvent):
    """Somebody made an account for a child and answers for it. ``other``: who stands on the other side."""

    name: ClassVar[str] = "family.child_added"
    responsibility: UUID
    other: UUID
    as_child: bool
    method: Code
    consent_at: datetime
    adult_at: datetime


@dataclass(frozen=True, slots=True)
class ChildAnsweredFor(AuditEvent):
    """A guardian answered for a child about the use of its data. What was said stands in the child's own records."""

    name: ClassVar[str] = "family.answered_for_child"
    child: UUID
    purpose: Code
    says: Code


@dataclass(frozen=True, slots=True)
class Asked(AuditEvent):
    """A guardian asks for something that somebody else has to say yes to. ``asker``: for them, not for the other."""

    name: ClassVar[str] = "family.asked"
    request: UUID
    child: UUID
    kind: Code
    asker: bool


@dataclass(frozen=True, slots=True)
class Answered(AuditEvent):
    """What became of it."""

    name: ClassVar[str] = "family.answered"
    request: UUID
    child: UUID
    kind: Code
    state: Code


@dataclass(frozen=True, slots=True)
class PowersChanged(AuditEvent):
    """Guardians of a child may do one thing more, or one less. ``as_child``: for the child."""

    name: ClassVar[str] = "family.powers_changed"
    child: UUID
    action: Code
    wider: bool
    as_child: bool


@dataclass(frozen=True, slots=True)
class GuardianLeft(AuditEvent):
    """Somebody answers for a child no longer. ``role``: who reads it: they, the child, or another guardian."""

    name: ClassVar[str] = "family.guardian_left"
    responsibility: UUID
    child: UUID
    role: Code
    why: Code


@dataclass(frozen=True, slots=True)
class RemovalAsked(AuditEvent):
    """One guardian wants another one to be removed. ``asker``: for them, not for the other."""

    name: ClassVar[str] = "family.removal_asked"
    removal: UUID
    child: UUID
    ready_at: datetime
    asker: bool


@dataclass(frozen=True, slots=True)
class RemovalAnswered(AuditEvent):
    """Somebody objected, took it back, proposed or decided."""

    name: ClassVar[str] = "family.removal_answered"
    removal: UUID
    child: UUID
    what: Code
    removes: bool


@dataclass(frozen=True, slots=True)
class Protected(AuditEvent):
    """Our staff paused all that guardians can do for a child, or ended that."""

    name: ClassVar[str] = "family.protected"
    child: UUID
    on: bool
    as_child: bool


@dataclass(frozen=True, slots=True)
class ComesOfAge(AuditEvent):
    """Guardians were told what a young person becomes soon (``soon``), or it is so from now on."""

    name: ClassVar[str] = "family.comes_of_age"
    child: UUID
    band: Code
    soon: bool
    as_child: bool


@dataclass(frozen=True, slots=True)
class HandedOver(AuditEvent):
    """A guardian had the link sent with which a young person gets a sign-in of their own."""

    name: ClassVar[str] = "family.handed_over"
    child: UUID
    as_child: bool


@dataclass(frozen=True, slots=True)
class Claimed(AuditEvent):
    """The young person signs in themselves from now on."""

    name: ClassVar[str] = "family.claimed"
    child: UUID
    as_child: bool


@dataclass(frozen=True, slots=True)
class Confirmed(AuditEvent):
    """A guardian may go on to act for a young person; by the young person's own word, or by itself for a child."""

    name: ClassVar[str] = "family.confirmed"
    delegation: UUID
    until: datetime
