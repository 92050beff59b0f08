"""Scores counted in narrow bins, so that a log of any length is measured in bounded memory."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.bench.evaluation.metrics import Separation

WIDTH = 0.005
"""Nats per bin."""
HISTORY_BINS = (1, 2, 3, 5, 9, 17)
GAP_HOURS = (2, 8, 24, 48, 72)
COUNTRY_SHARES = (0.005, 0.02, 0.1, 0.3)
FIRST = 12
"""Sign-ins of a customer over which challenges are counted."""
GENUINE = "genuine"

Cell = tuple[int, int, int]
OUTSIDE: Cell = (-1, -1, -1)


def cell(history: int, gap: float, share: float) -> Cell:
    """Where a sign-in lies: length of history, time since the last success, share of the customer's country.

    The last because a VPN attacker needs a stranger in the same country in the same hour: in small ones there is none.
    """
    hours = gap / 3600
    if not GAP_HOURS[0] <= hours <= GAP_HOURS[-1]:
        return OUTSIDE
    return bisect.bisect(HISTORY_BINS, history), bisect.bisect(GAP_HOURS, hours), bisect.bisect(COUNTRY_SHARES, share)


@dataclass(slots=True)
class Tally:
    """What one score made of all rows."""

    bins: dict[str, dict[Cell, Counter[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Counter)))
    ranked: list[Counter[int]] = field(default_factory=lambda: [Counter() for _ in range(FIRST - 1)])
    """For j = 0, 1, …: the j-th highest score among a customer's first twelve."""

    def add(self, kind: str, where: Cell, score: float) -> None:
        """Count one row."""
        self.bins[kind][where][round(score / WIDTH)] += 1

    def firsts(self, scores: Sequence[float]) -> None:
        """Count one customer's scores of the second to the twelfth sign-in."""
        for place, score in enumerate(sorted(scores, reverse=True)):
            self.ranked[place][round(score / WIDTH)] += 1

    def separation(self, kind: str, *, matched: bool) -> Separation:
        """One kind of attacker against all genuine rows, or against those weighted to be like the attacker's rows."""
        attacks, genuine = self.bins.get(kind, {}), self.bins.get(GENUINE, {})
        if not matched:
            return Separation.of(_merged(attacks), _merged(genuine))
        fair = {where for where in attacks if where != OUTSIDE and genuine.get(where)}
        weighted: defaultdict[int, float] = defaultdict(float)
        for where in fair:
            weight = attacks[where].total() / genuine[where].total()
            for place, count in genuine[where].items():
                weighted[place] += count * weight
        return Separation.of(_merged({where: attacks[where] for where in fair}), weighted)

    def challenges(self, threshold: float) -> list[int]:
        """How many customers (of at least twelve sign-ins) are challenged 0, 1, … times in their first twelve."""
        bound = threshold / WIDTH
        at_least = [sum(count for place, count in each.items() if place >= bound) for each in self.ranked]
        reached = [self.ranked[0].total(), *at_least, 0]
        return [more - less for more, less in pairwise(reached)]


def quantile(histogram: Sequence[int], share: float) -> int:
    """The least number that this share of customers does not exceed."""
    total, below = sum(histogram), 0
    for number, count in enumerate(histogram):
        below += count
        if below >= share * total:
            return number
    return len(histogram)


def _merged(cells: dict[Cell, Counter[int]]) -> dict[int, float]:
    found: defaultdict[int, float] = defaultdict(float)
    for counter in cells.values():
        for place, count in counter.items():
            found[place] += count
    return found
