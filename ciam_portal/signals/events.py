"""What is recorded of partners' streams of signals."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class StreamCreated(AuditEvent):
    """A partner wants to hear of its customers."""

    name: ClassVar[str] = "signals.stream_created"
    partner: UUID
    stream: UUID


@dataclass(frozen=True, slots=True)
class StreamChanged(AuditEvent):
    """A partner wants to hear of other things, or in another way."""

    name: ClassVar[str] = "signals.stream_changed"
    partner: UUID
    stream: UUID


@dataclass(frozen=True, slots=True)
class StreamStatusChanged(AuditEvent):
    """A partner has its signals sent, held or dropped from now on. ``dropped``: those that were held."""

    name: ClassVar[str] = "signals.status_changed"
    partner: UUID
    stream: UUID
    status: Code
    dropped: int


@dataclass(frozen=True, slots=True)
class StreamDeleted(AuditEvent):
    """A partner wants to hear of nothing any more. ``dropped``: signals that it had not taken."""

    name: ClassVar[str] = "signals.stream_deleted"
    partner: UUID
    stream: UUID
    dropped: int
