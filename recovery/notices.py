"""What people are told about getting back in."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.notifications.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class ResetYourPassword(NoticeBase):
    """The link for a new password."""

    template: ClassVar[str] = "reset_your_password"
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class PasswordWasReset(NoticeBase):
    """It happened."""

    template: ClassVar[str] = "password_was_reset"
