"""What people are told about their activity. Security notices: nobody can mute them."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class NewDevice(NoticeBase):
    """A sign-in from a browser this customer has not used before. ``link`` answers "was this you?"."""

    template: ClassVar[str] = "new_device"
    push: ClassVar[Text] = _("Your account was opened in a new browser. Was it you?")
    link: str
    until: str


@dataclass(frozen=True, slots=True)
class SignInStopped(NoticeBase):
    """Somebody had the right password and was stopped."""

    template: ClassVar[str] = "sign_in_stopped"
    push: ClassVar[Text] = _("We stopped a sign-in to your account. Was it you?")
    password_link: str


@dataclass(frozen=True, slots=True)
class DeviceCopied(ChangeNotice):
    """A key of a browser turned up twice: it may have been copied."""

    template: ClassVar[str] = "device_copied"
    browser: Text
    password_link: str


@dataclass(frozen=True, slots=True)
class BrowserForgotten(NoticeBase):
    """One of the customer's browsers is remembered no more."""

    template: ClassVar[str] = "browser_forgotten"
    browser: Text
    security_link: str


@dataclass(frozen=True, slots=True)
class SessionDisowned(ChangeNotice):
    """A sign-in that the customer did not know was ended, and what to do now. ``codes``: backup codes died with it."""

    template: ClassVar[str] = "session_disowned"
    browser: Text
    place: Text
    when: str
    password_link: str
    security_link: str
    codes: bool = False


@dataclass(frozen=True, slots=True)
class DisputeOpened(NoticeBase):
    """The help desk has the customer's question."""

    template: ClassVar[str] = "dispute_opened"
    number: str
    password_link: str


@dataclass(frozen=True, slots=True)
class DisputeClosed(NoticeBase):
    """The help desk has looked at it; ``found`` says what it found."""

    template: ClassVar[str] = "dispute_closed"
    number: str
    found: str
