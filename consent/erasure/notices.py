"""What people are told about the deletion of their account. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase


@dataclass(frozen=True, slots=True)
class DeletionAsked(ChangeNotice):
    """It is erased then, unless it is kept."""

    template: ClassVar[str] = "deletion_asked"
    until: str
    keep_link: str


@dataclass(frozen=True, slots=True)
class DeletionSoon(ChangeNotice):
    """The same, told again a few days before."""

    template: ClassVar[str] = "deletion_soon"
    until: str
    keep_link: str


@dataclass(frozen=True, slots=True)
class DeletionKept(ChangeNotice):
    """It is kept after all, by whoever read one of these messages, or signed in."""

    template: ClassVar[str] = "deletion_kept"
    delete_link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class AccountErased(NoticeBase):
    """The last one: nothing is left. To the address that signed in with."""

    template: ClassVar[str] = "account_erased"
