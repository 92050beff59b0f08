"""What people are told about getting back in; most of it by mail or to a phone, as ``tell`` is asked."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class ResetYourPassword(NoticeBase):
    """The link for a new password."""

    template: ClassVar[str] = "reset_your_password"
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class PasswordWasReset(ChangeNotice):
    """It happened."""

    template: ClassVar[str] = "password_was_reset"
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class CodeToRecover(NoticeBase):
    """A code that shows, in a recovery, that somebody reads this address."""

    template: ClassVar[str] = "recovery_code"
    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class CodeToReadBack(NoticeBase):
    """A code to be read to the help desk, by somebody who has called it. ``link`` stops the recovery."""

    template: ClassVar[str] = "read_back_code"
    code: str
    minutes: int
    link: str


@dataclass(frozen=True, slots=True)
class FinishYourRecovery(NoticeBase):
    """The customer's own link, after the help desk has vouched and the wait is over."""

    template: ClassVar[str] = "recovery_finish"
    link: str
    until: str


@dataclass(frozen=True, slots=True)
class CodeForAddress(NoticeBase):
    """A code that proves a new recovery address."""

    template: ClassVar[str] = "recovery_address_code"
    to_owner: ClassVar[bool] = False
    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class CodeToRecognize(NoticeBase):
    """A code that shows who is signed in also has the recovery phone."""

    template: ClassVar[str] = "recognize_code"
    code: str


@dataclass(frozen=True, slots=True)
class RecoveryNews(NoticeBase):
    """A recovery has moved on. ``step`` chooses the words; ``link`` stops it, while it can be stopped.

    ``finish_link``: where it is finished, in the browser that began it; it opens nothing by itself. ``undo_link`` takes
    back what was done, once it is finished.
    """

    template: ClassVar[str] = "recovery_news"
    push: ClassVar[Text] = _("Somebody asked to get back into your account. Was it you?")
    step: str
    until: str
    link: str
    start_link: str
    finish_link: str = ""
    undo_link: str = ""
    undo_until: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryWayShut(NoticeBase):
    """After too many wrong codes one way is closed until then."""

    template: ClassVar[str] = "recovery_way_shut"
    way: str
    until: str
    start_link: str


@dataclass(frozen=True, slots=True)
class RecoveryAddressChanged(NoticeBase):
    """A recovery address came or went. ``undo_link`` takes it back; the address that was added gets none.

    ``undone``: it came or went because a change was taken back.
    """

    template: ClassVar[str] = "recovery_address_changed"
    push: ClassVar[Text] = ChangeNotice.push
    added: bool
    kind: str
    until: str
    security_link: str
    undo_link: str = ""
    undo_until: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True)
class AccountIsLocked(NoticeBase):
    """To recovery addresses: the account was locked. ``way`` is what leads back."""

    template: ClassVar[str] = "recovery_locked"
    way: str
    start_link: str


@dataclass(frozen=True, slots=True)
class ContactInvitation(NoticeBase):
    """To somebody else: a customer trusts them. Nothing that the customer typed is in it: it could be a lure."""

    template: ClassVar[str] = "recovery_contact_invitation"
    to_owner: ClassVar[bool] = False
    who: str
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class ContactChanged(ChangeNotice):
    """A recovery contact was asked, agreed, declined, came or went. ``what`` chooses the words."""

    template: ClassVar[str] = "recovery_contact_changed"
    what: str
    person: str
    until: str
    security_link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class ContactDismissed(NoticeBase):
    """To somebody else: they are a recovery contact no longer."""

    template: ClassVar[str] = "recovery_contact_dismissed"
    to_owner: ClassVar[bool] = False
    who: str


@dataclass(frozen=True, slots=True)
class ContactAsked(NoticeBase):
    """To somebody else: a customer needs them. The code is not in the mail: first comes a call."""

    template: ClassVar[str] = "recovery_contact_asked"
    to_owner: ClassVar[bool] = False
    who: str
    link: str
    hours: int


@dataclass(frozen=True, slots=True)
class ContactsWereAsked(NoticeBase):
    """To the customer: somebody who says that they cannot sign in has had the contacts asked."""

    template: ClassVar[str] = "recovery_contacts_were_asked"
    lock_link: str
    security_link: str


@dataclass(frozen=True, slots=True)
class RecoveryReview(NoticeBase):
    """Once a year: where recovery goes."""

    template: ClassVar[str] = "recovery_review"
    addresses: tuple[str, ...]
    contacts: tuple[str, ...]
    link: str
