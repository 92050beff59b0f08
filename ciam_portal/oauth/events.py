"""What is recorded of partners."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class PartnerRegistered(AuditEvent):
    """A partner was added."""

    name: ClassVar[str] = "partner.registered"
    partner: UUID
    owner: UUID
    environment: Code
    profile: Code
    scopes: tuple[Code, ...]
    decision_actions: tuple[Code, ...]
    authorization_details_types: tuple[Code, ...]
    actions: tuple[Code, ...] = ()
    delegates: bool = False


@dataclass(frozen=True, slots=True)
class PartnerOwned(AuditEvent):
    """Somebody answers for a partner from now on."""

    name: ClassVar[str] = "partner.owned"
    partner: UUID
    owner: UUID


@dataclass(frozen=True, slots=True)
class PartnerUnused(AuditEvent):
    """A partner that nobody used for so long was switched off."""

    name: ClassVar[str] = "partner.unused"
    partner: UUID
    since: datetime


@dataclass(frozen=True, slots=True)
class PartnerSwitched(AuditEvent):
    """A partner was switched off (all it holds stops working at once) or on again."""

    name: ClassVar[str] = "partner.switched"
    partner: UUID
    enabled: bool


@dataclass(frozen=True, slots=True)
class PartnerTakesDelegates(AuditEvent):
    """Customers may act for others in a partner from now on, or no longer."""

    name: ClassVar[str] = "partner.takes_delegates"
    partner: UUID
    enabled: bool


@dataclass(frozen=True, slots=True)
class PartnerMayAsk(AuditEvent):
    """Which actions of its own a partner may ask decisions about was changed."""

    name: ClassVar[str] = "partner.may_ask"
    partner: UUID
    decision_actions: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PartnerRetired(AuditEvent):
    """A partner was switched off for good."""

    name: ClassVar[str] = "partner.retired"
    partner: UUID


@dataclass(frozen=True, slots=True)
class AgentCeilingSet(AuditEvent):
    """The most that customers may let an agent do was changed."""

    name: ClassVar[str] = "partner.agent_ceiling"
    partner: UUID
    actions: tuple[Code, ...]
