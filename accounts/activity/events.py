"""What is recorded of a customer's answers about their own activity, and of what the help desk made of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


class Via(StrEnum):
    """Where the answer was given."""

    PAGE = "page"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class WasMe(AuditEvent):
    """The customer says that a sign-in was theirs. ``decision`` of the row is the sign-in's: a label.

    ``own``: said in that very session, so worth little: whoever is in it would say so.
    """

    name: ClassVar[str] = "activity.was_me"
    session: UUID
    via: Via
    own: bool


@dataclass(frozen=True, slots=True)
class NotMe(AuditEvent):
    """The customer says that a sign-in was not theirs. ``decision`` of the row is the sign-in's: a label.

    ``left_tokens_ended`` counts those that a sign-out before had spared; the rest is in ``session.ended``.
    ``codes_dropped`` counts backup codes that died because one was shown in it.
    """

    name: ClassVar[str] = "activity.not_me"
    session: UUID
    via: Via
    was_live: bool
    left_tokens_ended: int
    device_revoked: bool
    codes_dropped: int = 0


@dataclass(frozen=True, slots=True)
class AnsweredAgain(AuditEvent):
    """An answer that changed nothing: it had been given before, or the sign-in was disowned already."""

    name: ClassVar[str] = "activity.answered_again"
    session: UUID
    via: Via
    said: Code


@dataclass(frozen=True, slots=True)
class BrowserNamed(AuditEvent):
    """The customer called one of their browsers something."""

    name: ClassVar[str] = "activity.browser_named"
    device: UUID


@dataclass(frozen=True, slots=True)
class BrowserForgotten(AuditEvent):
    """One of the customer's browsers is a stranger again, as they asked."""

    name: ClassVar[str] = "activity.browser_forgotten"
    device: UUID


@dataclass(frozen=True, slots=True)
class DisputeOpened(AuditEvent):
    """The help desk is asked to look at something."""

    name: ClassVar[str] = "dispute.opened"
    dispute: UUID
    kind: Code


@dataclass(frozen=True, slots=True)
class DisputeClosed(AuditEvent):
    """A member of the help desk looked at it and said what was found."""

    name: ClassVar[str] = "dispute.closed"
    dispute: UUID
    outcome: Code
