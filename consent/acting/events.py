"""What is recorded of acting in the portal. Each side has a row of its own; ``other`` is who stands on the other."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class Begun(AuditEvent):
    """A delegate acts for the owner from now on, in one session."""

    name: ClassVar[str] = "acting.begun"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Looked(AuditEvent):
    """They saw what the owner let them see. What it was stands in the use ledger."""

    name: ClassVar[str] = "acting.looked"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Stopped(AuditEvent):
    """They no longer do, and said so themselves."""

    name: ClassVar[str] = "acting.stopped"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Turned(AuditEvent):
    """They wanted to go on and were refused."""

    name: ClassVar[str] = "acting.refused"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool
    reason: Code
