"""What a line of an import says, once it is read."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Whereto."""

    BRING = "bring"
    GIVE = "give"


class State(StrEnum):
    """Where it stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Person:
    """One customer, each value in the one form in which it is kept.

    ``password``: as it is stored; empty: none. ``says``: their yes or no to purposes, by key, as noted there.
    """

    address: str
    is_proven: bool
    name: str
    phone: str
    locale: str
    timezone: str
    since: datetime | None
    password: str
    seed: bytes
    says: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: where it ends, and whom it speaks of, or what is wrong with it."""

    number: int
    end: int
    person: Person | None
    wrong: str = ""
