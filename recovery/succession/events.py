"""What is recorded of successors and of their cases. ``as_customer``: for the customer's side, or the successor's."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class Named(AuditEvent):
    """A customer named somebody, by an address."""

    name: ClassVar[str] = "succession.named"
    successor: UUID


@dataclass(frozen=True, slots=True)
class Answered(AuditEvent):
    """They agreed, or did not."""

    name: ClassVar[str] = "succession.answered"
    successor: UUID
    accepted: bool
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Removed(AuditEvent):
    """The customer names them no more, or they do not want to any more."""

    name: ClassVar[str] = "succession.removed"
    successor: UUID
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Opened(AuditEvent):
    """The successor says that the customer has died or cannot look after things."""

    name: ClassVar[str] = "succession.opened"
    case: UUID
    kind: Code
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Noted(AuditEvent):
    """One of the staff noted what they have seen."""

    name: ClassVar[str] = "succession.noted"
    case: UUID
    seen: Code
    how: Code


@dataclass(frozen=True, slots=True)
class Proposed(AuditEvent):
    """The first of two people stands for it."""

    name: ClassVar[str] = "succession.proposed"
    case: UUID


@dataclass(frozen=True, slots=True)
class Approved(AuditEvent):
    """The second; the wait began."""

    name: ClassVar[str] = "succession.approved"
    case: UUID
    ready_at: datetime
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class ToldAgain(AuditEvent):
    """Every channel of the customer was told once more."""

    name: ClassVar[str] = "succession.told_again"
    case: UUID


@dataclass(frozen=True, slots=True)
class Begun(AuditEvent):
    """The wait is over: the successor may do what was named, and no more."""

    name: ClassVar[str] = "succession.begun"
    case: UUID
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Rejected(AuditEvent):
    """The help desk said no."""

    name: ClassVar[str] = "succession.rejected"
    case: UUID
    reason: Code
    as_customer: bool
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Stopped(AuditEvent):
    """The customer is there after all, or somebody who reads their messages says so."""

    name: ClassVar[str] = "succession.stopped"
    case: UUID
    via: Code
    as_customer: bool
    other: UUID | None
