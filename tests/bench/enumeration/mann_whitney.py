"""Whether two samples of times could be of one kind: Mann-Whitney U, with ties, by its normal approximation."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist


def p_value(some: Sequence[float], others: Sequence[float]) -> float:
    """How likely it is that two samples of one kind differ as much as these, in whichever direction."""
    n, m = len(some), len(others)
    both = sorted([*some, *others])
    ties, ranks, place = Counter(both), {}, 0
    for value, times in sorted(ties.items()):
        ranks[value] = place + (times + 1) / 2
        place += times
    u = sum(ranks[value] for value in some) - n * (n + 1) / 2
    tied = sum(times**3 - times for times in ties.values()) / ((n + m) * (n + m - 1))
    spread = math.sqrt(n * m / 12 * (n + m + 1 - tied))
    if not spread:
        return 1.0
    return min(1.0, 2 * NormalDist().cdf(-(abs(u - n * m / 2) - 0.5) / spread))
