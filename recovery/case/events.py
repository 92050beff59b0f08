"""What is recorded of getting back in, alone and with the help desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.policy.assurance import Method
from recovery.case.policy.evidence import Strength, Way
from recovery.case.policy.states import State


@dataclass(frozen=True, slots=True)
class RecoveryAsked(AuditEvent):
    """Somebody asked for a code to get back in; ``sent`` says whether one went out."""

    name: ClassVar[str] = "recovery.asked"
    bucket: Code
    way: Way
    sent: bool


@dataclass(frozen=True, slots=True)
class RecoveryMissed(AuditEvent):
    """A wrong answer; ``off`` once there were so many that this way is shut."""

    name: ClassVar[str] = "recovery.missed"
    sourced: ClassVar[bool] = True
    bucket: Code
    way: Way
    off: bool = False


@dataclass(frozen=True, slots=True)
class RecoveryOpened(AuditEvent):
    """A recovery began with something that was shown."""

    name: ClassVar[str] = "recovery.opened"
    case: UUID


@dataclass(frozen=True, slots=True)
class RecoveryShown(AuditEvent):
    """One more thing was shown."""

    name: ClassVar[str] = "recovery.shown"
    case: UUID
    way: Way
    again: bool


@dataclass(frozen=True, slots=True)
class RecoveryWaits(AuditEvent):
    """Enough was shown: the wait began."""

    name: ClassVar[str] = "recovery.waits"
    case: UUID
    strength: Strength
    ready_at: datetime


@dataclass(frozen=True, slots=True)
class RecoveryReady(AuditEvent):
    """The wait is over; the customer was told. Nothing was finished by it."""

    name: ClassVar[str] = "recovery.ready"
    case: UUID


@dataclass(frozen=True, slots=True)
class RecoveryCancelled(AuditEvent):
    """Somebody who was told stopped it, or a new one took its place."""

    name: ClassVar[str] = "recovery.cancelled"
    case: UUID
    was: State
    via: Code


@dataclass(frozen=True, slots=True)
class RecoveryExpired(AuditEvent):
    """It can lead nowhere any more."""

    name: ClassVar[str] = "recovery.expired"
    case: UUID
    was: State
    signed_in: bool


@dataclass(frozen=True, slots=True)
class RecoveryCompleted(AuditEvent):
    """Access was restored: a new password, lost factors dropped, everything ended. Partners are told of this one."""

    name: ClassVar[str] = "recovery.completed"
    case: UUID
    dropped: tuple[Method, ...]
    added: bool
    sessions_ended: int
    tokens_ended: int
