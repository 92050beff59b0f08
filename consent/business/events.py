"""What is recorded of businesses: for the business, for whom it is about, and for the owner who did it.

``side`` says whose row it is; ``other`` is whom it names to them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


class Side(StrEnum):
    """Whose row of an event it is."""

    BUSINESS = "business"
    MEMBER = "member"  # whom it is about
    OWNER = "owner"  # who did it


@dataclass(frozen=True, slots=True)
class Founded(AuditEvent):
    """Somebody began a business, and is its first owner."""

    name: ClassVar[str] = "business.founded"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Invited(AuditEvent):
    """An owner invites somebody, by an address."""

    name: ClassVar[str] = "business.invited"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class InvitationEnded(AuditEvent):
    """It was refused, taken back, or nobody answered."""

    name: ClassVar[str] = "business.invitation_ended"
    business: UUID
    side: Side
    other: UUID | None
    why: Code


@dataclass(frozen=True, slots=True)
class Joined(AuditEvent):
    """Somebody is a member from now on."""

    name: ClassVar[str] = "business.joined"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Assigned(AuditEvent):
    """What a member may do for it was changed, or goes on for longer."""

    name: ClassVar[str] = "business.assigned"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class MadeOwner(AuditEvent):
    """A member looks after it from now on."""

    name: ClassVar[str] = "business.made_owner"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class NoOwner(AuditEvent):
    """An owner is none any more, and stays a member."""

    name: ClassVar[str] = "business.no_owner"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class Gone(AuditEvent):
    """Somebody is no member any more."""

    name: ClassVar[str] = "business.gone"
    business: UUID
    side: Side
    other: UUID | None
    why: Code


@dataclass(frozen=True, slots=True)
class Rested(AuditEvent):
    """Everything that members do for it was stopped for now, by one press."""

    name: ClassVar[str] = "business.rested"
    business: UUID
    side: Side
    other: UUID | None
    members: int


@dataclass(frozen=True, slots=True)
class RoleSaved(AuditEvent):
    """A role of its own was made or changed."""

    name: ClassVar[str] = "business.role_saved"
    business: UUID
    side: Side
    other: UUID | None
    role: UUID
    holders: int


@dataclass(frozen=True, slots=True)
class RoleDropped(AuditEvent):
    """A role of its own that nobody had is gone."""

    name: ClassVar[str] = "business.role_dropped"
    business: UUID
    side: Side
    other: UUID | None
    role: UUID


@dataclass(frozen=True, slots=True)
class Renamed(AuditEvent):
    """It has another name."""

    name: ClassVar[str] = "business.renamed"
    business: UUID
    side: Side
    other: UUID | None


@dataclass(frozen=True, slots=True)
class RemovalAsked(AuditEvent):
    """An owner asks that another be none any more."""

    name: ClassVar[str] = "business.removal_asked"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class RemovalAgreed(AuditEvent):
    """Another owner agreed to it."""

    name: ClassVar[str] = "business.removal_agreed"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID


@dataclass(frozen=True, slots=True)
class RemovalObjected(AuditEvent):
    """Whom it is about objects: the help desk decides."""

    name: ClassVar[str] = "business.removal_objected"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID


@dataclass(frozen=True, slots=True)
class RemovalEnded(AuditEvent):
    """It is decided, or off."""

    name: ClassVar[str] = "business.removal_ended"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID
    state: Code


@dataclass(frozen=True, slots=True)
class VerdictProposed(AuditEvent):
    """A first person of the help desk proposes what becomes of it."""

    name: ClassVar[str] = "business.verdict_proposed"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID
    verdict: Code


@dataclass(frozen=True, slots=True)
class VerdictSentBack(AuditEvent):
    """The second person does not agree; somebody proposes again."""

    name: ClassVar[str] = "business.verdict_sent_back"
    business: UUID
    side: Side
    other: UUID | None
    removal: UUID


@dataclass(frozen=True, slots=True)
class Closed(AuditEvent):
    """Its last owner closed it."""

    name: ClassVar[str] = "business.closed"
    business: UUID
    side: Side
    other: UUID | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Kept(AuditEvent):
    """Its last owner keeps it after all."""

    name: ClassVar[str] = "business.kept"
    business: UUID
    side: Side
    other: UUID | None
