"""What is recorded of staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.roles import Role


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
    reason: Code


@dataclass(frozen=True, slots=True)
class ValueShown(AuditEvent):
    """Somebody of the staff had one hidden value of a record shown to them."""

    name: ClassVar[str] = "staff.value_shown"
    kind: Code
    record: UUID


@dataclass(frozen=True, slots=True)
class CustomerSearched(AuditEvent):
    """Somebody of the staff looked for a customer. What they typed is not kept."""

    name: ClassVar[str] = "staff.customer_searched"
    found: int


@dataclass(frozen=True, slots=True)
class Looked(AuditEvent):
    """Somebody of the staff looked through a table of what is kept about customers, or at what another did."""

    name: ClassVar[str] = "staff.looked"
    page: Code


@dataclass(frozen=True, slots=True)
class Exported(AuditEvent):
    """Somebody of the staff took rows of a table away. ``asked``: what it was narrowed by."""

    name: ClassVar[str] = "staff.exported"
    page: Code
    form: Code
    asked: tuple[Code, ...]
    most: int


@dataclass(frozen=True, slots=True)
class RoleProposed(AuditEvent):
    """Somebody wants this person to have a role."""

    name: ClassVar[str] = "staff.role_proposed"
    change: UUID
    role: Role
    reason: Code


@dataclass(frozen=True, slots=True)
class RoleRejected(AuditEvent):
    """Somebody said no to it, or the proposer took it back."""

    name: ClassVar[str] = "staff.role_rejected"
    change: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class GlassBroken(AuditEvent):
    """Somebody took a role for a limited time."""

    name: ClassVar[str] = "staff.glass_broken"
    use: UUID
    role: Role
    reason: Code
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GlassReviewed(AuditEvent):
    """A second administrator has looked at that."""

    name: ClassVar[str] = "staff.glass_reviewed"
    use: UUID
    role: Role
