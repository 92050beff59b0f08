"""What is recorded of recovery addresses and contacts."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent
from recovery.case.policy.evidence import Way


@dataclass(frozen=True, slots=True)
class RecoveryAddressAsked(AuditEvent):
    """A code went to an address that may become a recovery address."""

    name: ClassVar[str] = "recovery.address_asked"
    way: Way
    sent: bool


@dataclass(frozen=True, slots=True)
class RecoveryAddressAdded(AuditEvent):
    """A second address for recovery was proven; it helps you back in from ``usable_from``."""

    name: ClassVar[str] = "recovery.address_added"
    key: UUID
    way: Way
    usable_from: datetime


@dataclass(frozen=True, slots=True)
class RecoveryAddressMissed(AuditEvent):
    """A wrong code for a new recovery address."""

    name: ClassVar[str] = "recovery.address_missed"
    sourced: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class RecoveryAddressRemoved(AuditEvent):
    """A recovery address is one no longer."""

    name: ClassVar[str] = "recovery.address_removed"
    key: UUID
    way: Way
