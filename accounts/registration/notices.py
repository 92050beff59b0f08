"""What somebody is told who is opening an account."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class FinishSigningUp(NoticeBase):
    """The link behind which the password is chosen."""

    template: ClassVar[str] = "finish_signing_up"
    to_owner: ClassVar[bool] = False
    link: str
    hours: int
