"""What is recorded about applications behind the gateway. What is ordinary is kept once a day and counted."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class AppEntered(AuditEvent):
    """A session went to an application for the first time, or again."""

    name: ClassVar[str] = "gateway.entered"
    app: Code
    session: UUID


@dataclass(frozen=True, slots=True)
class RequestAnswered(AuditEvent):
    """A request to an application that was more than an ordinary one: it was sensitive, or it was refused."""

    name: ClassVar[str] = "gateway.answered"
    app: Code
    action: Code
    answer: Code
