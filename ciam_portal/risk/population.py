"""What all customers together show: one table of weights, read with one query and added to with one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ciam_portal.risk.visit import Feature, Visit

Key = tuple[str, str]
"""A row of the table: what is counted, and of which value."""

TOTAL: Key = ("total", "all")
DISTINCT, EXPOSURE, CHANGES = "distinct", "exposure", "changes"

NAMES = tuple(feature.value for feature in Feature)
ALWAYS: tuple[Key, ...] = (TOTAL, *((count, name) for name in NAMES for count in (DISTINCT, EXPOSURE, CHANGES)))


@dataclass(frozen=True, slots=True)
class Common:
    """How common the shown value of one feature is, and how readily customers in general change that feature."""

    weight: float = 0.0
    """Sign-ins that showed this very value."""
    distinct: float = 0.0
    """Different values ever shown."""
    exposure: float = 0.0
    """Exposure that passed without a change, summed over all customers (see ``parameters.Change``)."""
    changes: float = 0.0
    """Changes met."""


NEVER = Common()


@dataclass(frozen=True, slots=True)
class Rarity:
    """What the population says about one visit."""

    total: float
    """Sign-ins that taught."""
    features: Mapping[Feature, Common]

    def of(self, feature: Feature) -> Common:
        """What it says about one feature."""
        return self.features.get(feature, NEVER)


class Population(Protocol):
    """Something that keeps the table."""

    def counts(self, visit: Visit) -> Rarity:
        """What the population says about this visit."""
        ...


def keys_of(visit: Visit) -> tuple[Key, ...]:
    """The rows to read for one visit (about forty; one query by primary key)."""
    shown = [(name, value) for name in NAMES if (value := getattr(visit, name))]
    return (*ALWAYS, *shown)


def rarity(visit: Visit, found: Mapping[Key, float]) -> Rarity:
    """The answer from the rows found; a row that does not exist counts nothing."""
    get = found.get
    return Rarity(
        get(TOTAL, 0.0),
        {
            feature: Common(
                get((name, value), 0.0) if (value := getattr(visit, name)) else 0.0,
                get((DISTINCT, name), 0.0),
                get((EXPOSURE, name), 0.0),
                get((CHANGES, name), 0.0),
            )
            for feature, name in zip(Feature, NAMES, strict=True)
        },
    )
