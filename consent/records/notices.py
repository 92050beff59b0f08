"""What customers are told about their choices."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.outbox.notice import NoticeBase


@dataclass(frozen=True, slots=True)
class ChoicesEnd(NoticeBase):
    """What a customer allowed ends soon."""

    template: ClassVar[str] = "choices_end"
    titles: tuple[str, ...]
    days: int
    link: str
