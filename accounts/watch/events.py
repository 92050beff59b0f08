"""What is recorded of watching risk: what was learned and unlearned, whose risk rose, what was worth an alert."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ciam_portal.core.audit.events import AuditEvent, Code


@dataclass(frozen=True, slots=True)
class PopulationLearned(AuditEvent):
    """Sign-ins were added to what is usual for everybody; disowned and suspected ones were left out."""

    name: ClassVar[str] = "risk.population_learned"
    sign_ins: int
    left_out: int


@dataclass(frozen=True, slots=True)
class PopulationFaded(AuditEvent):
    """What is usual for everybody weighs a little less than the day before."""

    name: ClassVar[str] = "risk.population_faded"
    days: float


@dataclass(frozen=True, slots=True)
class SignInUnlearned(AuditEvent):
    """A disowned sign-in was taken out of the customer's profile, as far as it brought anything new."""

    name: ClassVar[str] = "risk.sign_in_unlearned"
    session: UUID
    values: int


@dataclass(frozen=True, slots=True)
class SessionReassessed(AuditEvent):
    """A session was looked at again after it had begun."""

    name: ClassVar[str] = "risk.session_reweighed"
    session: UUID
    answer: Code
    risk: int
    findings: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class AlertRaised(AuditEvent):
    """Something about risk is worth a person's look."""

    name: ClassVar[str] = "risk.alert_raised"
    alert: UUID
    kind: Code


@dataclass(frozen=True, slots=True)
class AlertAcknowledged(AuditEvent):
    """A person of the staff has looked at it."""

    name: ClassVar[str] = "risk.alert_acknowledged"
    alert: UUID
    kind: Code


@dataclass(frozen=True, slots=True)
class Calibrated(AuditEvent):
    """The threshold that would meet the target was worked out; nothing was changed."""

    name: ClassVar[str] = "risk.calibrated"
    sign_ins: int
    today: float
    suggested: float | None


@dataclass(frozen=True, slots=True)
class DriftMeasured(AuditEvent):
    """The last week's sign-ins were compared with those before."""

    name: ClassVar[str] = "risk.drift_measured"
    before: int
    lately: int
