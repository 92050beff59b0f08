"""What is recorded of approved details."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class DetailsApproved(AuditEvent):
    """A customer approved what an app asked for; what that was stands in the rows of these ids."""

    name: ClassVar[str] = "details.approved"
    consent: UUID
    partner: UUID
    types: tuple[Code, ...]
    details: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class DetailsRefused(AuditEvent):
    """A customer was asked and said no."""

    name: ClassVar[str] = "details.refused"
    partner: UUID
    types: tuple[Code, ...]
