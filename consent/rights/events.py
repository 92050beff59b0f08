"""What is recorded of requests about data."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class RequestMade(AuditEvent):
    """A customer asked for something about their data."""

    name: ClassVar[str] = "rights.asked"
    request: UUID
    kind: Code
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RequestWithdrawn(AuditEvent):
    """They took it back."""

    name: ClassVar[str] = "rights.withdrawn"
    request: UUID
    kind: Code


@dataclass(frozen=True, slots=True)
class RequestExtended(AuditEvent):
    """Staff need longer, and said why."""

    name: ClassVar[str] = "rights.extended"
    request: UUID
    kind: Code
    reason: Code
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RequestAnswered(AuditEvent):
    """Staff answered. ``late``: after it was due."""

    name: ClassVar[str] = "rights.answered"
    request: UUID
    kind: Code
    answer: Code
    late: bool


@dataclass(frozen=True, slots=True)
class UseRestricted(AuditEvent):
    """The use of the customer's data rests, for so many purposes."""

    name: ClassVar[str] = "rights.restricted"
    request: UUID
    purposes: int


@dataclass(frozen=True, slots=True)
class UseGoesOn(AuditEvent):
    """It goes on. ``by_staff``: after an answer; otherwise the customer wanted it."""

    name: ClassVar[str] = "rights.restriction_lifted"
    request: UUID
    by_staff: bool


@dataclass(frozen=True, slots=True)
class StaffReminded(AuditEvent):
    """Staff were reminded of so many requests that nobody has answered, and of those that are late."""

    name: ClassVar[str] = "rights.reminded"
    requests: int
    late: int
