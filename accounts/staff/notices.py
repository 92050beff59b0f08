"""What people are told about what staff do. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class RecordViewed(NoticeBase):
    """Staff opened the customer's record for a sensitive reason."""

    template: ClassVar[str] = "record_viewed"
    reason: Text


@dataclass(frozen=True, slots=True)
class GlassBroken(NoticeBase):
    """To all administrators and the person: somebody took a role for an hour. ``number``: of the row to review."""

    template: ClassVar[str] = "glass_broken"
    role: str
    reason: Text
    until: str
    number: str
