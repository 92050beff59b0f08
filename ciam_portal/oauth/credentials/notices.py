"""What the owner of a partner is told, and those who run it."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class CredentialEnds(NoticeBase):
    """What a partner proves itself with ends soon, and there is no other yet."""

    template: ClassVar[str] = "partner_credential_ends"
    to_owner: ClassVar[bool] = False
    partner: str
    is_secret: bool
    ends: Text
    link: str


@dataclass(frozen=True, slots=True)
class SwitchedOff(NoticeBase):
    """A partner was switched off because nobody used it."""

    template: ClassVar[str] = "partner_switched_off"
    to_owner: ClassVar[bool] = False
    partner: str
    days: int


@dataclass(frozen=True, slots=True)
class CredentialReplaced(NoticeBase):
    """A partner has another secret, or other keys."""

    template: ClassVar[str] = "partner_credential_made"
    to_owner: ClassVar[bool] = False
    partner: str
    by_itself: bool
    is_secret: bool
    former_ends: Text
