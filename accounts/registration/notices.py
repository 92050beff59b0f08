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


@dataclass(frozen=True, slots=True)
class SignUpHeld(NoticeBase):
    """A person looks at it first."""

    template: ClassVar[str] = "sign_up_held"
    to_owner: ClassVar[bool] = False
    number: str
    hours: int


@dataclass(frozen=True, slots=True)
class SignUpRejected(NoticeBase):
    """No, and the one link by which to ask for another look; none after an appeal.

    ``opened``: there is an account, whose limits stay.
    """

    template: ClassVar[str] = "sign_up_rejected"
    to_owner: ClassVar[bool] = False
    number: str
    opened: bool = False
    appeal_link: str = ""
    days: int = 0
