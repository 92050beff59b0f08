"""What is recorded of agents that act for customers."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AgentConnected(AuditEvent):
    """A customer lets an agent act for them, for the first time or on other terms."""

    name: ClassVar[str] = "agent.connected"
    delegation: UUID
    agent: UUID
    actions: tuple[Code, ...]
    asks: tuple[Code, ...]
    scopes: tuple[Code, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class AgentDisconnected(AuditEvent):
    """An agent no longer acts for a customer: it was disconnected, or its grant is over. ``tokens_ended``: at once."""

    name: ClassVar[str] = "agent.disconnected"
    delegation: UUID
    agent: UUID
