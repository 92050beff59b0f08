"""What people are told of what agents ask. Nothing that the agent wrote stands in it."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class ApprovalWanted(NoticeBase):
    """To the owner: an agent that acts for them asks, until then."""

    template: ClassVar[str] = "approval_wanted"
    push: ClassVar[Text] = _("Something waits for your approval.")
    push_page: ClassVar[str] = "consent:approvals"
    push_minutes: ClassVar[int] = 5
    who: str
    until: str
    link: str
    stop_link: str
