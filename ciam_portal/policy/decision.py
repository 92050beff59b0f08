"""The closed answer of every policy: allow, step up, hold or deny, always with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from ciam_portal.policy.assurance import Level


class Risk(IntEnum):
    """How worried we are. Where it cannot be said, None stands for *unknown*, which is not low."""

    LOW = 0
    MODERATE = 1
    HIGH = 2
    SEVERE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One worry: its code and how much it weighs, in points (a larger number is a larger worry)."""

    code: str
    points: float


@dataclass(frozen=True, slots=True)
class Allow:
    """Go on."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class StepUp:
    """Prove more first: reach ``to``, not longer ago than ``within`` seconds (None: any time in this session)."""

    to: Level
    reason: StrEnum
    within: int | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: wait until the instant given, or for a person to look at it (None)."""

    reason: StrEnum
    until: datetime | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and here is why."""

    reason: StrEnum
    findings: tuple[Finding, ...] = ()


Decision = Allow | StepUp | Hold | Deny


def strictness(decision: Decision) -> tuple[int, int]:
    """A number that grows as an answer tightens, so that "never looser" can be tested. Step-ups order by level."""
    match decision:
        case Allow():
            return (0, 0)
        case StepUp(to=level):
            return (1, int(level))
        case Hold():
            return (2, 0)
        case Deny():
            return (3, 0)
