"""What is recorded of proofs of identity: that, by which way and how it ended; never what was shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class CheckStarted(AuditEvent):
    """The customer began to show who they are."""

    name: ClassVar[str] = "proofing.started"
    attempt: UUID
    provider: Code


@dataclass(frozen=True, slots=True)
class CheckNoted(AuditEvent):
    """The first of two agents noted what they saw."""

    name: ClassVar[str] = "proofing.noted"
    attempt: UUID
    document: Code
    pathway: Code


@dataclass(frozen=True, slots=True)
class CheckAnswered(AuditEvent):
    """A provider answered; it counts once the customer's own browser brings that back."""

    name: ClassVar[str] = "proofing.answered"
    attempt: UUID


@dataclass(frozen=True, slots=True)
class IdentityProven(AuditEvent):
    """There is new evidence of who they are. ``counts``: at once, and not only when staff have looked."""

    name: ClassVar[str] = "proofing.proven"
    attempt: UUID
    evidence: UUID
    provider: Code
    strength: Code
    pathway: Code
    counts: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckFailed(AuditEvent):
    """It was not confirmed."""

    name: ClassVar[str] = "proofing.failed"
    attempt: UUID
    reason: Code


@dataclass(frozen=True, slots=True)
class CheckStopped(AuditEvent):
    """The customer stopped it, or nobody went on with it in time."""

    name: ClassVar[str] = "proofing.stopped"
    attempt: UUID
    expired: bool


@dataclass(frozen=True, slots=True)
class EvidenceRemoved(AuditEvent):
    """Evidence is gone. ``counted``: until then, and staff had not still to look."""

    name: ClassVar[str] = "proofing.removed"
    evidence: UUID
    counted: bool


@dataclass(frozen=True, slots=True)
class ReproofingDue(AuditEvent):
    """The customer was told that their evidence ends."""

    name: ClassVar[str] = "proofing.due"
    evidence: UUID


@dataclass(frozen=True, slots=True)
class TwinSeen(AuditEvent):
    """What was shown may have proven another account already: two of the staff look at it."""

    name: ClassVar[str] = "proofing.twin_seen"
    twin: UUID


@dataclass(frozen=True, slots=True)
class TwinProposed(AuditEvent):
    """One of the staff said what is the case."""

    name: ClassVar[str] = "proofing.twin_proposed"
    twin: UUID
    found: Code


@dataclass(frozen=True, slots=True)
class TwinSettled(AuditEvent):
    """A second one said the same."""

    name: ClassVar[str] = "proofing.twin_settled"
    twin: UUID
    found: Code


@dataclass(frozen=True, slots=True)
class StaffTrained(AuditEvent):
    """Somebody of the staff may check identities until then."""

    name: ClassVar[str] = "proofing.staff_trained"
    until: datetime


@dataclass(frozen=True, slots=True)
class TrainingEnded(AuditEvent):
    """Somebody of the staff may not any longer."""

    name: ClassVar[str] = "proofing.training_ended"
