"""What is recorded of families. Each side has a row of its own; no date of birth, and nobody's name."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class ChildAdded(AuditEvent):
    """Somebody made an account for a child and answers for it. ``other``: who stands on the other side."""

    name: ClassVar[str] = "family.child_added"
    responsibility: UUID
    other: UUID
    as_child: bool
    method: Code
    consent_at: datetime
    adult_at: datetime


@dataclass(frozen=True, slots=True)
class ChildAnsweredFor(AuditEvent):
    """A guardian answered for a child about the use of its data. What was said stands in the child's own records."""

    name: ClassVar[str] = "family.answered_for_child"
    delegation: UUID
    child: UUID
    purpose: Code
    says: Code
