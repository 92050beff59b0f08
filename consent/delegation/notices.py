"""What people are told about delegations. Nobody's words but ours are in it, and nobody's whereabouts."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class Invitation(NoticeBase):
    """To an address: its reader may act for somebody, if they want."""

    template: ClassVar[str] = "delegation_invitation"
    to_owner: ClassVar[bool] = False
    who: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class Wanted(NoticeBase):
    """To an address: somebody asks to act for its reader."""

    template: ClassVar[str] = "delegation_wanted"
    to_owner: ClassVar[bool] = False
    who: str
    until: str
    link: str


@dataclass(frozen=True, slots=True)
class ForOwner(NoticeBase):
    """To the owner: what became of it that somebody may act for them."""

    template: ClassVar[str] = "delegation_for_owner"
    what: str
    who: str
    until: str
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class ForDelegate(NoticeBase):
    """To whoever acts, or wanted to."""

    template: ClassVar[str] = "delegation_for_delegate"
    to_owner: ClassVar[bool] = False
    what: str
    who: str
    when: str
    until: str
    link: str
