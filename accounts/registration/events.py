"""What is recorded of sign-ups that a person looks at."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class SignUpHeld(AuditEvent):
    """A sign-up waits for a person; nothing can be done with its account."""

    name: ClassVar[str] = "registration.held"
    held: UUID


@dataclass(frozen=True, slots=True)
class SignUpDropped(AuditEvent):
    """One more of a flood that waits for a person already: it was answered like a success, and nothing waits."""

    name: ClassVar[str] = "registration.dropped"
    sourced: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class SignUpPassed(AuditEvent):
    """Staff found that it may be finished: with its decision, the label of a genuine sign-up."""

    name: ClassVar[str] = "registration.passed"
    held: UUID
    found: Code


@dataclass(frozen=True, slots=True)
class SignUpRejected(AuditEvent):
    """Staff found that it may not: with its decision, the label of a fake one."""

    name: ClassVar[str] = "registration.rejected"
    held: UUID
    found: Code


@dataclass(frozen=True, slots=True)
class SignUpAppealed(AuditEvent):
    """The applicant asked for another look."""

    name: ClassVar[str] = "registration.appealed"
    held: UUID
