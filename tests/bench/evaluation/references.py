"""The two scores that ours is compared with: Freeman/Wiefling as published, and a plain sum of seven attributes."""

import math
from collections.abc import MutableMapping
from typing import Protocol

from ciam_portal.core.risk.population import Key
from tests.bench.evaluation.rows import Row

ADDRESS = (("address", 0.6), ("asn", 0.3), ("country", 0.1))
AGENT = (
    ("agent", 0.5386653840551359),
    ("browser", 0.2680451498625666),
    ("system", 0.18818295100109536),
    ("kind", 0.0051065150812021525),
)
NAMES = tuple(name for name, _weight in ADDRESS + AGENT)
UNSEEN = 4.0
"""Wiefling's rule of the edge: a feature wholly new to the customer multiplies the score by this."""

Own = dict[str, dict[str, int]]


class Reference(Protocol):
    """A score."""

    def score(self, row: Row) -> float | None:
        """The logarithm of the score; None without history."""
        ...


class Histories:
    """Counts of successes, of everybody and of each customer, in whatever maps keep them."""

    def __init__(self, own: MutableMapping[str, Own], everybody: MutableMapping[Key, float]) -> None:
        self.own, self.everybody = own, everybody

    def count(self, feature: str, value: str) -> float:
        """Successes of everybody that showed this value."""
        return self.everybody.get((feature, value)) or 0.0

    @property
    def total(self) -> float:
        """All successes."""
        return self.count("reference", "total")

    def distinct(self, feature: str) -> float:
        """Different values of one feature."""
        return self.count("reference distinct", feature)

    def logins(self, own: Own) -> int:
        """Successes of one customer."""
        return sum(own["kind"].values())

    def learn(self, row: Row) -> None:
        """Take a genuine success in."""
        own = self.own.get(row.user)
        if own is None:
            own = {name: {} for name in NAMES}
            self._add("reference", "customers")
        self._add("reference", "total")
        for name in NAMES:
            value: str = getattr(row, name)
            if not self.count(f"reference {name}", value):
                self._add("reference distinct", name)
            self._add(f"reference {name}", value)
            own[name][value] = own[name].get(value, 0) + 1
        self.own[row.user] = own

    def _add(self, feature: str, value: str) -> None:
        self.everybody[feature, value] = self.count(feature, value) + 1.0


class Freeman:
    """S = prod(g/l) * (1/|U|) / (n_u/N): the equations of Freeman et al. as Wiefling et al. refine them."""

    def __init__(self, histories: Histories) -> None:
        self.histories = histories

    def score(self, row: Row) -> float | None:
        """The logarithm of S."""
        known = self.histories
        own = known.own.get(row.user)
        if own is None:
            return None
        logins = known.logins(own)
        found = math.log(known.total / logins / known.count("reference", "customers"))
        for levels in (ADDRESS, AGENT):
            everybody = self.everybody(levels, row)
            local = sum(weight * own[name].get(getattr(row, name), 0) / logins for name, weight in levels)
            found += math.log(everybody / (local or everybody / UNSEEN))
        return found

    def everybody(self, levels: tuple[tuple[str, float], ...], row: Row) -> float:
        """The global term of one feature: smoothed at its finest level alone."""
        known = self.histories
        unseen = 1 + sum(known.distinct(name) for name, _weight in levels[1:])
        total, found = known.total, 0.0
        for level, (name, weight) in enumerate(levels):
            count = known.count(f"reference {name}", getattr(row, name))
            share = count / total
            if level == 0:
                share = share * (1 - unseen / (total + unseen)) if count else 1 / (total + unseen)
            found += weight * share
        return found


class PlainSum:
    """The sum of seven log-likelihood ratios, each attribute for itself, without the user term.

    How the published figures were smoothed is not known. Here the customer's share is (c + g) / (n + 1), a prior of one
    sign-in of everybody's; with ``edge`` it is c / n, and g / 4 for a value not shown before.
    """

    def __init__(self, histories: Histories, *, edge: bool = False) -> None:
        self.histories, self.edge = histories, edge

    def score(self, row: Row) -> float | None:
        """The sum, in nats."""
        known = self.histories
        own = known.own.get(row.user)
        if own is None:
            return None
        logins, found = known.logins(own), 0.0
        for name in NAMES:
            value: str = getattr(row, name)
            everybody = (known.count(f"reference {name}", value) + 1.0) / (known.total + known.distinct(name) + 1.0)
            count = own[name].get(value, 0)
            local = (count / logins or everybody / UNSEEN) if self.edge else (count + everybody) / (logins + 1)
            found += math.log(everybody / local)
        return found


def of_all(histories: Histories) -> dict[str, Reference]:
    """Every reference by its name, on the same histories."""
    return {
        "Freeman/Wiefling": Freeman(histories),
        "plain sum": PlainSum(histories),
        "plain sum, edge rule": PlainSum(histories, edge=True),
    }
