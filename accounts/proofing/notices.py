"""What a customer is told about proofs of who they are."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import ChangeNotice, NoticeBase


@dataclass(frozen=True, slots=True)
class IdentityChanged(ChangeNotice):
    """Everywhere: there is new evidence, or some is gone (NIST SP 800-63A-4 section 3.10)."""

    template: ClassVar[str] = "identity_changed"
    what: str
    until: str
    link: str
    password_link: str


@dataclass(frozen=True, slots=True)
class IdentityNews(NoticeBase):
    """To the customer: it was not confirmed, staff look at it, what they found, or that it is to be shown again."""

    template: ClassVar[str] = "identity_news"
    step: str
    until: str
    link: str
