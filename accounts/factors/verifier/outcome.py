"""How an answer fared. A wrong answer is counted where it is checked, so it is returned, never raised."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Outcome(StrEnum):
    """How an answer fared."""

    RIGHT = "right"
    WRONG = "wrong"
    WAIT = "wait"  # too many wrong ones just now: not even looked at
    DEAD = "dead"  # this factor can no longer be used; it must be added anew


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer's fate; when the next one will be looked at; how many backup codes are left.

    ``off``: this very answer was one wrong too many, and switched the factor off.
    """

    outcome: Outcome
    until: datetime | None = None
    left: int | None = None
    off: bool = False


def seconds_until(until: datetime | None, at: datetime) -> int:
    """How long to wait, in whole seconds, at least one; 0 if there is nothing to wait for."""
    return max(1, -((at - until) // timedelta(seconds=1))) if until else 0
