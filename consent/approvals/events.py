"""What is recorded of what agents ask. What that is, stands in the row of the id."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from consent.release.events import Why


@dataclass(frozen=True, slots=True)
class AgentAsked(AuditEvent):
    """An agent asks its customer, who is told."""

    name: ClassVar[str] = "agent.asked"
    sourced: ClassVar[bool] = True
    partner: UUID
    delegation: UUID
    asked: UUID
    actions: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AgentApproved(AuditEvent):
    """The customer said yes: to what is in the rows of ``details``, each once."""

    name: ClassVar[str] = "agent.approved"
    partner: UUID
    asked: UUID
    details: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AgentRefused(AuditEvent):
    """The customer said no. ``paused``: once too often, so the agent does nothing for now."""

    name: ClassVar[str] = "agent.refused"
    partner: UUID
    asked: UUID
    paused: bool


@dataclass(frozen=True, slots=True)
class AskEnded(AuditEvent):
    """Nobody answered in time, the agent took it back, or what it rested on is over."""

    name: ClassVar[str] = "agent.ask_ended"
    partner: UUID
    asked: UUID
    state: Code


@dataclass(frozen=True, slots=True)
class AnswerFetched(AuditEvent):
    """The agent got a token for what was approved."""

    name: ClassVar[str] = "agent.answer_fetched"
    partner: UUID
    asked: UUID
    session: UUID


@dataclass(frozen=True, slots=True)
class AnswerNotFetched(AuditEvent):
    """It asked for the token and did not get one, although its customer had said yes."""

    name: ClassVar[str] = "agent.answer_not_fetched"
    sourced: ClassVar[bool] = True
    partner: UUID
    asked: UUID
    why: Why
