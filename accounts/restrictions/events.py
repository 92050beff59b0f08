"""What is recorded of restrictions by staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class Restricted(AuditEvent):
    """Staff restricted a customer until then; unless somebody else reviews it, it ends at ``review_due_at``."""

    name: ClassVar[str] = "restriction.begun"
    restriction: UUID
    kind: Code
    reason: Code
    until: datetime
    review_due_at: datetime
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class RestrictionReviewed(AuditEvent):
    """Somebody else of the staff has looked at it. ``stands``: it goes on until its end."""

    name: ClassVar[str] = "restriction.reviewed"
    restriction: UUID
    kind: Code
    stands: bool


@dataclass(frozen=True, slots=True)
class RestrictionEnded(AuditEvent):
    """Staff ended it early. ``by_review``: whoever reviewed it did."""

    name: ClassVar[str] = "restriction.ended"
    restriction: UUID
    kind: Code
    by_review: bool


@dataclass(frozen=True, slots=True)
class RestrictionContested(AuditEvent):
    """The customer does not agree with it."""

    name: ClassVar[str] = "restriction.contested"
    restriction: UUID
