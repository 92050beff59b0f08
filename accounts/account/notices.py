"""What people are told about their account."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class ConfirmYourAddress(NoticeBase):
    """The link that makes a new account work."""

    template: ClassVar[str] = "confirm_your_address"
    to_owner: ClassVar[bool] = False
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class YouHaveAnAccount(NoticeBase):
    """Somebody signed up with an address that has an account."""

    template: ClassVar[str] = "you_have_an_account"
    sign_in_link: str


@dataclass(frozen=True, slots=True)
class ConfirmYourNewAddress(NoticeBase):
    """The link that makes a new address take the old one's place."""

    template: ClassVar[str] = "confirm_your_new_address"
    to_owner: ClassVar[bool] = False
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class EmailChangeStarted(ChangeNotice):
    """Somebody asked for a change of address."""

    template: ClassVar[str] = "email_change_started"
    password_link: str


@dataclass(frozen=True, slots=True)
class MailboxSettled(NoticeBase):
    """To the mailbox of two accounts: which of them it signs in to from now on."""

    template: ClassVar[str] = "mailbox_settled"
    opened: str


@dataclass(frozen=True, slots=True)
class EmailChanged(ChangeNotice):
    """To both addresses: it happened. Only the old one gets the link that takes it back."""

    template: ClassVar[str] = "email_changed"
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChanged(ChangeNotice):
    """It happened."""

    template: ClassVar[str] = "password_changed"
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class PhoneChanged(ChangeNotice):
    """There is another number, or none any more."""

    template: ClassVar[str] = "phone_changed"
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class CodeToProve(NoticeBase):
    """A code for a customer without a second factor."""

    template: ClassVar[str] = "code_to_prove"
    code: str
    minutes: int
    password_link: str


@dataclass(frozen=True, slots=True)
class CodeToSignIn(NoticeBase):
    """A code that finishes an unusual sign-in, for a customer without a second factor."""

    template: ClassVar[str] = "code_to_sign_in"
    code: str
    minutes: int
    password_link: str


@dataclass(frozen=True, slots=True)
class SessionEndedForSafety(NoticeBase):
    """A session looked as if somebody else held it, and was ended."""

    template: ClassVar[str] = "session_ended_for_safety"
    browser: Text
    place: Text
    password_link: str
