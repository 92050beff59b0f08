"""What is recorded of staff."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.audit.events import AuditEvent
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
