"""What is recorded of getting back in, alone and with the help desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.audit.events import AuditEvent, Code
from ciam_portal.policy.assurance import Method
from recovery.policy.desk import Outcome, WhyRejected
from recovery.policy.evidence import Strength, Way
from recovery.policy.states import State


@dataclass(frozen=True, slots=True)
class ResetAsked(AuditEvent):
    """Somebody asked for a link to set a new password; ``sent`` says whether one went out."""

    name: ClassVar[str] = "recovery.reset_asked"
    lane: Code
    sent: bool


@dataclass(frozen=True, slots=True)
class PasswordReset(AuditEvent):
    """A new password was set with a link; second factors were not touched, and nobody was signed in by it."""

    name: ClassVar[str] = "recovery.password_reset"
    sessions_ended: int
    tokens_ended: int


@dataclass(frozen=True, slots=True)
class RecoveryAsked(AuditEvent):
    """Somebody asked for a code to get back in; ``sent`` says whether one went out."""

    name: ClassVar[str] = "recovery.asked"
    lane: Code
    way: Way
    sent: bool


@dataclass(frozen=True, slots=True)
class RecoveryMissed(AuditEvent):
    """A wrong answer; ``off`` once there were so many that this way is shut."""

    name: ClassVar[str] = "recovery.missed"
    sourced: ClassVar[bool] = True
    lane: Code
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


@dataclass(frozen=True, slots=True)
class DeskBegan(AuditEvent):
    """An agent opened a recovery for somebody who called."""

    name: ClassVar[str] = "recovery.desk_began"
    case: UUID
    lost: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class DeskAsked(AuditEvent):
    """An agent asked for one more thing. ``sent``: whether a code went out. A call back shows them the number."""

    name: ClassVar[str] = "recovery.desk_asked"
    case: UUID
    way: Way
    sent: bool = False


@dataclass(frozen=True, slots=True)
class DeskNoted(AuditEvent):
    """What came of it, noted by an agent or answered by the customer."""

    name: ClassVar[str] = "recovery.desk_noted"
    case: UUID
    way: Way
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DeskMissed(AuditEvent):
    """A wrong code was read back; ``off`` once there were so many that this way is shut."""

    name: ClassVar[str] = "recovery.desk_missed"
    sourced: ClassVar[bool] = True
    case: UUID
    way: Way
    off: bool = False


@dataclass(frozen=True, slots=True)
class DeskTook(AuditEvent):
    """One of the staff works on a case from now on. ``over_from``: who did before, if somebody did."""

    name: ClassVar[str] = "recovery.desk_took"
    case: UUID
    over_from: UUID | None


@dataclass(frozen=True, slots=True)
class DeskLetGo(AuditEvent):
    """They no longer work on it."""

    name: ClassVar[str] = "recovery.desk_let_go"
    case: UUID


@dataclass(frozen=True, slots=True)
class RecoveryProposed(AuditEvent):
    """A first person of the help desk stands for it. Nothing has happened yet."""

    name: ClassVar[str] = "recovery.proposed"
    case: UUID
    weight: int


@dataclass(frozen=True, slots=True)
class RecoveryApproved(AuditEvent):
    """One more person stands for it, and the wait began; no ``ready_at``: little was shown, so it takes another."""

    name: ClassVar[str] = "recovery.approved"
    case: UUID
    ready_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecoveryRejected(AuditEvent):
    """The help desk said no."""

    name: ClassVar[str] = "recovery.rejected"
    case: UUID
    was: State
    reason: WhyRejected


@dataclass(frozen=True, slots=True)
class RecoveryLinkSent(AuditEvent):
    """The customer's own link went to the address that was chosen; ``again``: an agent asked for another."""

    name: ClassVar[str] = "recovery.link_sent"
    case: UUID
    again: bool


@dataclass(frozen=True, slots=True)
class RecoveryClaimed(AuditEvent):
    """The link was used: the browser it was used in can finish the recovery, and no other."""

    name: ClassVar[str] = "recovery.claimed"
    case: UUID
