"""What is recorded of devices that wait to be allowed."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from consent.release.events import Why


@dataclass(frozen=True, slots=True)
class DeviceAsked(AuditEvent):
    """A device was shown a code, and waits."""

    name: ClassVar[str] = "oauth.device_asked"
    sourced: ClassVar[bool] = True
    partner: UUID
    code: UUID


@dataclass(frozen=True, slots=True)
class DeviceCodeTyped(AuditEvent):
    """A customer typed the code of a device (None: one that no device shows)."""

    name: ClassVar[str] = "oauth.device_code_typed"
    sourced: ClassVar[bool] = True
    code: UUID | None


@dataclass(frozen=True, slots=True)
class DeviceAllowed(AuditEvent):
    """The customer allowed it."""

    name: ClassVar[str] = "oauth.device_allowed"
    consent: UUID
    partner: UUID
    code: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class DeviceRefused(AuditEvent):
    """The customer said no."""

    name: ClassVar[str] = "oauth.device_refused"
    partner: UUID
    code: UUID


@dataclass(frozen=True, slots=True)
class DeviceConnected(AuditEvent):
    """The device got its tokens."""

    name: ClassVar[str] = "oauth.device_connected"
    consent: UUID
    partner: UUID
    session: UUID
    family: UUID
    scopes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class DeviceNotConnected(AuditEvent):
    """The device asked for its tokens, and did not get them although it had been allowed."""

    name: ClassVar[str] = "oauth.device_not_connected"
    sourced: ClassVar[bool] = True
    partner: UUID
    code: UUID
    why: Why
