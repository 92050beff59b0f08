"""What people are told about their live sessions."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class SessionMadeRoom(NoticeBase):
    """A session ended, because another was one too many."""

    template: ClassVar[str] = "session_made_room"
    browser: Text
    place: Text
    most: int
    sessions_link: str
    password_link: str
