"""What is recorded of choices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from consent.records.policy import State


@dataclass(frozen=True, slots=True)
class ChoicesRecorded(AuditEvent):
    """What is said for one person about some purposes and one recipient, from now on; by which events."""

    name: ClassVar[str] = "choice.recorded"
    events: tuple[UUID, ...]
    first: int
    """The number of the first; the others follow."""
    purposes: tuple[Code, ...]
    versions: tuple[int, ...]
    states: tuple[State, ...]
    partner: UUID | None


@dataclass(frozen=True, slots=True)
class EndAnnounced(AuditEvent):
    """A customer was told that something they allowed ends soon."""

    name: ClassVar[str] = "choice.end_announced"
    purposes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ConnectionAdopted(AuditEvent):
    """A connection from before choices were recorded says what it holds."""

    name: ClassVar[str] = "choice.adopted"
    consent: UUID
    events: int
