"""What owners are told about what they asked for."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class ChangeDecided(NoticeBase):
    """Our staff approved or rejected a change of an app."""

    template: ClassVar[str] = "partner_change_decided"
    to_owner: ClassVar[bool] = False
    partner: str
    approved: bool
    link: str
