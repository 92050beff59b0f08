"""What is recorded of agents that nobody registered."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AgentMet(AuditEvent):
    """An agent that nobody registered was read about for the first time, or says something else of itself now.

    ``former``: the one whose place it takes.
    """

    name: ClassVar[str] = "partner.agent_met"
    partner: UUID
    profile: Code
    scopes: tuple[Code, ...]
    actions: tuple[Code, ...]
    former: UUID | None = None


@dataclass(frozen=True, slots=True)
class AgentReadAgain(AuditEvent):
    """What stands at its address is what it was."""

    name: ClassVar[str] = "partner.agent_read_again"
    partner: UUID
    scopes: tuple[Code, ...]
    actions: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AgentGone(AuditEvent):
    """Nothing that can be used stands at its address any more: with its keys, all that it was let do is over."""

    name: ClassVar[str] = "partner.agent_gone"
    partner: UUID
