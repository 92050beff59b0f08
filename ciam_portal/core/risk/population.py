"""What all customers together show: one table of weights, read with one query and added to with one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ciam_portal.core.risk.visit import Feature, Visit

Key = tuple[str, str]
"""A row of the table: what is counted, and of which value."""

TOTAL: Key = ("total", "all")
DISTINCT, EXPOSURE, CHANGES = "distinct", "exposure", "changes"
NEWCOMERS: Mapping[Feature, str] = MappingProxyType({Feature.ASN: "newcomers", Feature.PREFIX: "newcomers_prefix"})
"""Sign-ins that were their customer's first on a network, by network; with DAYS, how many a day are usual there."""
DAYS: Key = ("newcomers_days", "all")

NAMES = tuple(feature.value for feature in Feature)
ALWAYS: tuple[Key, ...] = (TOTAL, DAYS, *((count, name) for name in NAMES for count in (DISTINCT, EXPOSURE, CHANGES)))


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
    newcomers: float | None = None
    """Customers a day who come from this network (AS) for their first time; None before a day of them was counted."""

    def of(self, feature: Feature) -> Common:
        """What it says about one feature."""
        return self.features.get(feature, NEVER)


def keys_of(visit: Visit) -> tuple[Key, ...]:
    """The rows to read for one visit (about forty; one query by primary key)."""
    shown = [(name, value) for name in NAMES if (value := getattr(visit, name))]
    return (*ALWAYS, *shown, *([(NEWCOMERS[Feature.ASN], visit.asn)] if visit.asn else []))


def newcomers(found: Mapping[Key, float], key: Key) -> float | None:
    """How many newcomers a day this network brings on average; None before a day has been learned."""
    days = found.get(DAYS, 0.0)
    return found.get(key, 0.0) / days if days >= 1.0 else None


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
        newcomers(found, (NEWCOMERS[Feature.ASN], visit.asn)) if visit.asn else None,
    )
