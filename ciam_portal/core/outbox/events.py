"""What is recorded of the outbox."""

from dataclasses import dataclass
from typing import ClassVar

from ciam_portal.core.audit.events import AuditEvent


@dataclass(frozen=True, slots=True)
class NoticesSentAgain(AuditEvent):
    """An operator had messages tried again that were not delivered."""

    name: ClassVar[str] = "outbox.sent_again"
    notices: int
