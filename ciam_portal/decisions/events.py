"""What is recorded about partners' questions and approvals."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class DecisionGiven(AuditEvent):
    """A partner asked about a transaction of its own, and was answered."""

    name: ClassVar[str] = "decision.given"
    partner: UUID
    action: Code
    answer: Code
    approval: UUID | None


@dataclass(frozen=True, slots=True)
class ApprovalRedeemed(AuditEvent):
    """A partner presented an approval and went on with what was approved."""

    name: ClassVar[str] = "approval.redeemed"
    partner: UUID
    approval: UUID
    detail: UUID | None


@dataclass(frozen=True, slots=True)
class ApprovalRefused(AuditEvent):
    """A partner presented an approval that did not count (any more); it is dead now, if it was not before."""

    name: ClassVar[str] = "approval.refused"
    partner: UUID
    approval: UUID | None
    reason: Code
