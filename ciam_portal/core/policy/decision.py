"""The closed answer of every policy: allow, step up, hold or deny, always with the reason."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from ciam_portal.core.policy.assurance import Level


class Risk(IntEnum):
    """How worried we are, ordered. Not known (None) is none of these, and never counts as low."""

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
    """Prove more first: reach ``to``, not longer ago than ``within`` seconds (None: any time in this session).

    ``challenge`` asks for more than the password within those seconds, whatever the level: a second factor, or, from a
    customer who has none, a code sent to a proven address. Such a code passes the challenge and raises no level.
    """

    to: Level
    reason: StrEnum
    within: int | None = None
    findings: tuple[Finding, ...] = ()
    challenge: bool = False


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


_ANY_TIME = 1_000_000_000  # seconds: looser than every freshness a policy can ask for


def strictness(decision: Decision) -> tuple[int, int, bool, int]:
    """What grows as an answer tightens, so that "never looser" can be tested.

    Step-ups order by level, then by challenge, then by freshness (a shorter ``within`` is stricter).
    """
    match decision:
        case Allow():
            return (0, 0, False, -_ANY_TIME)
        case StepUp(to=level, challenge=challenge, within=within):
            return (1, int(level), challenge, -_ANY_TIME if within is None else -within)
        case Hold():
            return (2, 0, False, 0)
        case Deny():
            return (3, 0, False, 0)
