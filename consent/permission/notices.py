"""What customers are told about the apps they connect."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class AppConnected(NoticeBase):
    """An app was connected to the account."""

    template: ClassVar[str] = "consent_given"
    partner: str
    allowed: tuple[Text, ...]
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class AppMayMore(NoticeBase):
    """An app that was connected already may see or do more."""

    template: ClassVar[str] = "consent_widened"
    partner: str
    added: tuple[Text, ...]
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class AppDisconnected(NoticeBase):
    """An app was cut off by the customer."""

    template: ClassVar[str] = "consent_withdrawn"
    partner: str


@dataclass(frozen=True, slots=True)
class AppLapsed(NoticeBase):
    """An app was disconnected because it did not use the account for long."""

    template: ClassVar[str] = "consent_lapsed"
    partner: str
    days: int


@dataclass(frozen=True, slots=True)
class ConnectionsLapsed(NoticeBase):
    """The owner of an app hears how many of its connections ended."""

    template: ClassVar[str] = "partner_lapsed"
    to_owner: ClassVar[bool] = False
    partner: str
    count: int
    days: int


@dataclass(frozen=True, slots=True)
class AppCutOff(NoticeBase):
    """An app's key was used twice, so the portal ended it."""

    template: ClassVar[str] = "consent_token_reused"
    partner: str
    link: str
