"""What the owner of an account that waits is told."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class AccountPassed(NoticeBase):
    """Staff looked, and it waits no longer."""

    template: ClassVar[str] = "account_passed"
