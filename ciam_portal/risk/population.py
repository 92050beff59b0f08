"""What all customers together show: one table of weights, read with one query and added to with one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ciam_portal.risk.visit import Feature, Visit

Key = tuple[str, str]
"""A row of the table: what is counted, and of which value."""

TOTAL: Key = ("total", "all")
DISTINCT, EXPOSURE, CHANGES = "distinct", "exposure", "changes"


@dataclass(frozen=True, slots=True)
class Common:
    """How common the shown value of one feature is, and how readily customers in general change that feature."""

    weight: float = 0.0
    """Sign-ins that showed this very value."""
    distinct: float = 0.0
    """Different values ever shown."""
    exposure: float = 0.0
    """Opportunities to change, summed over all customers (see ``parameters.Change``)."""
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
    keys: list[Key] = [TOTAL]
    for feature in Feature:
        if visit.value(feature):
            keys.append((feature.value, visit.value(feature)))
        keys.extend((count, feature.value) for count in (DISTINCT, EXPOSURE, CHANGES))
    return tuple(keys)


def rarity(visit: Visit, found: Mapping[Key, float]) -> Rarity:
    """The answer from the rows found; a row that does not exist counts nothing."""
    return Rarity(
        found.get(TOTAL, 0.0),
        {
            feature: Common(
                found.get((feature.value, visit.value(feature)), 0.0) if visit.value(feature) else 0.0,
                *(found.get((count, feature.value), 0.0) for count in (DISTINCT, EXPOSURE, CHANGES)),
            )
            for feature in Feature
        },
    )
