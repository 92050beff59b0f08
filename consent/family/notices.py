"""What people are told about families. No child's name, and nothing of another guardian's, is in it."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class Invitation(NoticeBase):
    """To an address: its reader may answer for a child, if they are responsible for it too."""

    template: ClassVar[str] = "family_invitation"
    to_owner: ClassVar[bool] = False
    who: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class Claim(NoticeBase):
    """To a young person's own address: the way to a sign-in of their own."""

    template: ClassVar[str] = "family_claim"
    to_owner: ClassVar[bool] = False
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class News(NoticeBase):
    """To whoever answers for a child: what became of it."""

    template: ClassVar[str] = "family_news"
    to_owner: ClassVar[bool] = False
    what: str
    when: str
    until: str
    link: str
