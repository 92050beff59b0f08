"""What is recorded of live sessions: moved, ended."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class SessionChangedPlace(AuditEvent):
    """A session went on from another network, or came back to the one it began in. Phones do this all day.

    ``abroad``: in another country, sooner than anybody travels there.
    """

    name: ClassVar[str] = "session.changed_place"
    session: UUID
    back: bool
    abroad: bool = False


@dataclass(frozen=True, slots=True)
class SessionChangedBrowser(AuditEvent):
    """A session went on in another browser or system than before. A stolen session cookie looks like this."""

    name: ClassVar[str] = "session.changed_browser"
    session: UUID
    back: bool


@dataclass(frozen=True, slots=True)
class SessionEnded(AuditEvent):
    """One session is over, with what hung from it."""

    name: ClassVar[str] = "session.ended"
    session: UUID
    reason: Code
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class AppEnded(AuditEvent):
    """What an app on a device of the customer's held is over; what they allow it stays."""

    name: ClassVar[str] = "session.app_ended"
    partner: UUID
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class SessionsEnded(AuditEvent):
    """Many sessions of one customer are over."""

    name: ClassVar[str] = "session.all_ended"
    reason: Code
    sessions_ended: int
    tokens_ended: int
