"""What people are told about locks and changes taken back. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class AccountLocked(ChangeNotice):
    """The panic button was pressed. ``way`` is what leads back."""

    template: ClassVar[str] = "account_locked"
    way: str
    password_link: str


@dataclass(frozen=True, slots=True)
class StillLocked(NoticeBase):
    """A new password is set, and the account is still locked; ``by_factor``: a second step at sign-in unlocks it."""

    template: ClassVar[str] = "account_still_locked"
    by_factor: bool


@dataclass(frozen=True, slots=True)
class AccountUnlocked(ChangeNotice):
    """The account works again."""

    template: ClassVar[str] = "account_unlocked"
    lock_link: str
    security_link: str


@dataclass(frozen=True, slots=True)
class ChangeUndone(ChangeNotice):
    """To every address, the one before and the one after: a change was taken back, the account is locked.

    ``what`` says which change, ``made`` when it was made, ``restored`` whether all of it could be taken back.
    """

    template: ClassVar[str] = "account_change_undone"
    what: Text
    made: str
    restored: bool
    way: str
    password_link: str
