"""What people are told who were brought from elsewhere."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class OldPasswordEnded(NoticeBase):
    """They never came: the password that they had elsewhere opens nothing any more."""

    template: ClassVar[str] = "old_password_ended"
    password_link: str
