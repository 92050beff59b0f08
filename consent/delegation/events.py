"""What is recorded of delegations. Each side has a row of its own; ``other`` is who stands on the other one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class Offered(AuditEvent):
    """An owner invites somebody, by an address, to act for them."""

    name: ClassVar[str] = "delegation.offered"
    delegation: UUID
    preset: Code | None
    actions: int
    scopes: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Requested(AuditEvent):
    """Somebody asks to act for whoever reads an address. ``as_owner``: for the person who was asked."""

    name: ClassVar[str] = "delegation.requested"
    request: UUID
    as_owner: bool


@dataclass(frozen=True, slots=True)
class RequestEnded(AuditEvent):
    """The same was refused, taken back, or nobody answered."""

    name: ClassVar[str] = "delegation.request_ended"
    request: UUID
    state: Code
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Began(AuditEvent):
    """From now on somebody, or an agent, may act for the owner."""

    name: ClassVar[str] = "delegation.began"
    delegation: UUID
    kind: Code
    other: UUID | None
    partner: UUID | None
    as_owner: bool
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Paused(AuditEvent):
    """Not for now."""

    name: ClassVar[str] = "delegation.paused"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Resumed(AuditEvent):
    """Again."""

    name: ClassVar[str] = "delegation.resumed"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool


@dataclass(frozen=True, slots=True)
class Changed(AuditEvent):
    """The owner lets them do something else, or until another day. ``narrower``: nothing that they could not before."""

    name: ClassVar[str] = "delegation.changed"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool
    narrower: bool
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Ended(AuditEvent):
    """Over, or never begun."""

    name: ClassVar[str] = "delegation.ended"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool
    why: Code


@dataclass(frozen=True, slots=True)
class Reminded(AuditEvent):
    """Both were told that it ends soon."""

    name: ClassVar[str] = "delegation.reminded"
    delegation: UUID


@dataclass(frozen=True, slots=True)
class Acted(AuditEvent):
    """A delegate did something for the owner that counts against the limits. Amounts in minor units."""

    name: ClassVar[str] = "delegation.acted"
    delegation: UUID
    other: UUID | None
    partner: UUID | None
    as_owner: bool
    action: Code
    amount: int | None
    currency: Code | None
