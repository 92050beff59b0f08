"""What people are told about successors. Whoever was named reads an address, and nobody's own words."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase


@dataclass(frozen=True, slots=True)
class Invitation(NoticeBase):
    """To somebody else: a customer wants them to look after things one day."""

    template: ClassVar[str] = "successor_invitation"
    to_owner: ClassVar[bool] = False
    who: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class SuccessorChanged(ChangeNotice):
    """To the customer, everywhere: somebody was named, agreed, did not, or is named no more."""

    template: ClassVar[str] = "successor_changed"
    what: str
    person: str
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class SuccessionNews(ChangeNotice):
    """To the customer, everywhere, again and again: a case runs, waits, began or is over. ``link`` stops it."""

    template: ClassVar[str] = "succession_news"
    step: str
    person: str
    until: str
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class ForSuccessor(NoticeBase):
    """To the successor: what became of it."""

    template: ClassVar[str] = "succession_for_successor"
    to_owner: ClassVar[bool] = False
    step: str
    who: str
    until: str
    link: str
