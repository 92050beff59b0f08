"""What customers are told about copies of their data. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase


@dataclass(frozen=True, slots=True)
class ExportAsked(ChangeNotice):
    """A copy of everything was asked for: whoever takes over an account would like to have it."""

    template: ClassVar[str] = "export_asked"
    password_link: str
    link: str


@dataclass(frozen=True, slots=True)
class ExportReady(NoticeBase):
    """It can be downloaded until then, by whoever signs in and shows that it is them: the link opens nothing."""

    template: ClassVar[str] = "export_ready"
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class ExportFailed(NoticeBase):
    """It could not be made."""

    template: ClassVar[str] = "export_failed"
    link: str
