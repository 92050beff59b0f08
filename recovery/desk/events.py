"""What is recorded of the help desk's part in getting back in."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.policy.assurance import Method
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State
from recovery.desk.policy import Outcome, WhyRejected


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
