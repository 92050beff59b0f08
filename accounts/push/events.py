"""What is recorded of browsers that are told things. Where they are told, nowhere but in their own rows."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class PushSwitchedOn(AuditEvent):
    """A browser is told from now on, as long as this session."""

    name: ClassVar[str] = "push.switched_on"
    session: UUID


@dataclass(frozen=True, slots=True)
class PushNightsChosen(AuditEvent):
    """Whether it is told at night too."""

    name: ClassVar[str] = "push.nights_chosen"
    session: UUID
    at_night: bool


@dataclass(frozen=True, slots=True)
class PushTested(AuditEvent):
    """Its customer sent it a message to see whether it comes."""

    name: ClassVar[str] = "push.tested"
    session: UUID


@dataclass(frozen=True, slots=True)
class PushSwitchedOff(AuditEvent):
    """A browser is told no more: its customer said so (``off``), or its push service does not know it (``gone``)."""

    name: ClassVar[str] = "push.switched_off"
    session: UUID
    why: Code
