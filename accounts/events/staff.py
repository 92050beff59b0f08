"""What is recorded of staff."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.audit.events import AuditEvent, Code
from ciam_portal.roles import Role


@dataclass(frozen=True, slots=True)
class RoleGranted(AuditEvent):
    """Somebody became staff in this role."""

    name: ClassVar[str] = "staff.role_granted"
    role: Role


@dataclass(frozen=True, slots=True)
class RoleRevoked(AuditEvent):
    """Somebody lost this role."""

    name: ClassVar[str] = "staff.role_revoked"
    role: Role


@dataclass(frozen=True, slots=True)
class RecordOpened(AuditEvent):
    """Somebody of the staff looked at a customer, or at one of their sessions."""

    name: ClassVar[str] = "staff.record_opened"
    kind: Code
    record: UUID
