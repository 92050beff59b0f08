"""What is recorded of recovery contacts."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent


@dataclass(frozen=True, slots=True)
class ContactInvited(AuditEvent):
    """Somebody was asked to be a recovery contact; ``sent`` False: that mailbox had many messages already."""

    name: ClassVar[str] = "recovery.contact_invited"
    key: UUID | None
    sent: bool


@dataclass(frozen=True, slots=True)
class ContactAccepted(AuditEvent):
    """They agreed; they can help with nothing before ``usable_from``."""

    name: ClassVar[str] = "recovery.contact_accepted"
    key: UUID
    usable_from: datetime


@dataclass(frozen=True, slots=True)
class ContactDeclined(AuditEvent):
    """They did not."""

    name: ClassVar[str] = "recovery.contact_declined"
    key: UUID


@dataclass(frozen=True, slots=True)
class ContactRemoved(AuditEvent):
    """A recovery contact, or somebody who was asked to be one, is none any more."""

    name: ClassVar[str] = "recovery.contact_removed"
    key: UUID


@dataclass(frozen=True, slots=True)
class ContactPutBack(AuditEvent):
    """The removal of a recovery contact was undone."""

    name: ClassVar[str] = "recovery.contact_put_back"
    key: UUID


@dataclass(frozen=True, slots=True)
class ContactSawCode(AuditEvent):
    """A recovery contact was shown the code that they pass on."""

    name: ClassVar[str] = "recovery.contact_saw_code"
    key: UUID


@dataclass(frozen=True, slots=True)
class Reminded(AuditEvent):
    """The customer was reminded of where recovery goes."""

    name: ClassVar[str] = "recovery.reminded"
    addresses: int
    contacts: int
