"""What people are told of what agents ask. Nothing that the agent wrote stands in it."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class ApprovalWanted(NoticeBase):
    """To the owner: an agent that acts for them asks, until then."""

    template: ClassVar[str] = "approval_wanted"
    who: str
    until: str
    link: str
    stop_link: str
