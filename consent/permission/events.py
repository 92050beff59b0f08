"""What is recorded of consent."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ConsentGiven(AuditEvent):
    """A customer allowed a partner something, for the first time or anew."""

    name: ClassVar[str] = "consent.given"
    consent: UUID
    partner: UUID
    allowed: tuple[Code, ...]
    declined: tuple[Code, ...]
    resources: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ConsentChanged(AuditEvent):
    """A customer answered again: wider, narrower, or the same."""

    name: ClassVar[str] = "consent.changed"
    consent: UUID
    partner: UUID
    allowed: tuple[Code, ...]
    declined: tuple[Code, ...]
    added: tuple[Code, ...]
    removed: tuple[Code, ...]
    resources: tuple[UUID, ...] = ()
    resources_removed: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentDenied(AuditEvent):
    """A customer was asked and said no."""

    name: ClassVar[str] = "consent.denied"
    partner: UUID
    asked: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ConsentLapsed(AuditEvent):
    """Nobody used a connection for long, so it ended."""

    name: ClassVar[str] = "consent.lapsed"
    consent: UUID
    partner: UUID
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class PartnerToldOfLapsed(AuditEvent):
    """The owner of a partner was told how many connections lapsed."""

    name: ClassVar[str] = "partner.told_of_lapsed"
    partner: UUID
    consents: int


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(AuditEvent):
    """A customer disconnected a partner."""

    name: ClassVar[str] = "consent.withdrawn"
    consent: UUID
    partner: UUID
    tokens_ended: int
