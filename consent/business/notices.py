"""What people are told about a business. An invitation holds no words of anybody's but the address of who invites."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class Invitation(NoticeBase):
    """To an address: its reader may belong to a business, if they want."""

    template: ClassVar[str] = "business_invitation"
    to_owner: ClassVar[bool] = False
    who: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class ForOwner(NoticeBase):
    """To each owner: what happened to the business. ``who``: to whom; ``by``: whose doing it was."""

    template: ClassVar[str] = "business_for_owner"
    to_owner: ClassVar[bool] = False
    what: str
    business: str
    who: str
    by: str
    when: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class ForMember(NoticeBase):
    """To whom it is about."""

    template: ClassVar[str] = "business_for_member"
    to_owner: ClassVar[bool] = False
    what: str
    business: str
    when: str
    link: str
