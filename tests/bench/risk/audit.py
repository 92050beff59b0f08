"""Can fakes be told from real sign-ins by anything but novelty? A simple classifier tries, and should fail."""

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.bench.evaluation.rows import Row
from tests.bench.evaluation.simulate import KINDS
from tests.bench.evaluation.tally import GENUINE, OUTSIDE, Cell

DAY = 86_400.0
STEPS, RATE, DECAY = 12, 0.05, 1e-3


@dataclass(slots=True)
class Auditor:
    """Collects the counted rows, then compares kinds of fakes with genuine rows of the same cells."""

    seen: defaultdict[str, list[tuple[Row, Cell]]] = field(default_factory=lambda: defaultdict(list))

    def watch(self, kind: str, row: Row, where: Cell) -> None:
        if where != OUTSIDE:
            self.seen[kind].append((row, where))

    def aucs(self, seed: int, *, with_address: bool) -> dict[str, float]:
        """Per kind of fake: the classifier's AUC on rows it was not trained on. 0.5 is the best an audit can say."""
        dice = random.Random(seed)
        shares = {name: self._shares(name) for name in ("country", "asn", "browser", "system", "agent", "address")}
        if not with_address:
            del shares["address"]
        found = {}
        for kind in KINDS:
            fakes = self.seen[kind]
            genuine = self._matched(kind, dice)
            rows = [(facts(row, shares), 1.0) for row, _where in fakes] + [(facts(row, shares), 0.0) for row in genuine]
            dice.shuffle(rows)
            half = len(rows) // 2
            if half < 20:
                continue
            scored = [*tried(rows[:half], rows[half:], dice), *tried(rows[half:], rows[:half], dice)]
            found[kind] = area(scored)
        return found

    def _shares(self, name: str) -> dict[str, float]:
        counts = Counter(getattr(row, name) for row, _where in self.seen[GENUINE])
        total = counts.total() or 1
        return {value: count / total for value, count in counts.items()}

    def _matched(self, kind: str, dice: random.Random) -> list[Row]:
        cells: defaultdict[Cell, list[Row]] = defaultdict(list)
        for row, where in self.seen[GENUINE]:
            cells[where].append(row)
        return [dice.choice(cells[where]) for _row, where in self.seen[kind] if cells[where]]


def facts(row: Row, shares: dict[str, dict[str, float]]) -> list[float]:
    """What a row says without regard to its customer: when it came, and how common what it showed is."""
    turn = 2 * math.pi * (row.second % DAY) / DAY
    weekday = 2 * math.pi * (row.second // DAY % 7) / 7
    return [
        math.sin(turn), math.cos(turn), math.sin(weekday), math.cos(weekday),
        *(float(row.kind == kind) for kind in ("mobile", "desktop", "tablet")),
        *(math.log(found.get(getattr(row, name), 0.0) + 1e-5) for name, found in shares.items()),
    ]  # fmt: skip


def tried(
    train: list[tuple[list[float], float]], test: list[tuple[list[float], float]], dice: random.Random
) -> list[tuple[float, float]]:
    """A logistic regression's scores of the test rows, with their truth."""
    width = len(train[0][0])
    means = [sum(x[place] for x, _y in train) / len(train) for place in range(width)]
    sizes = [
        math.sqrt(sum((x[place] - means[place]) ** 2 for x, _y in train) / len(train)) or 1.0 for place in range(width)
    ]

    def scaled(x: list[float]) -> list[float]:
        return [1.0, *((value - mean) / size for value, mean, size in zip(x, means, sizes, strict=True))]

    rows, weights = [(scaled(x), y) for x, y in train], [0.0] * (width + 1)
    for step in range(STEPS):
        dice.shuffle(rows)
        rate = RATE / (1 + step)
        for x, y in rows:
            total = sum(weight * value for weight, value in zip(weights, x, strict=True))
            error = y - 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
            weights = [
                weight + rate * (error * value - DECAY * weight) for weight, value in zip(weights, x, strict=True)
            ]
    return [(sum(weight * value for weight, value in zip(weights, scaled(x), strict=True)), y) for x, y in test]


def area(scored: list[tuple[float, float]]) -> float:
    """AUC by ranks; ties in halves."""
    ordered = sorted(scored)
    ones = sum(y for _score, y in ordered)
    zeros, won, place, below = len(ordered) - ones, 0.0, 0, 0.0
    while place < len(ordered):
        end = place
        while end < len(ordered) and ordered[end][0] == ordered[place][0]:
            end += 1
        good = sum(y for _score, y in ordered[place:end])
        won += good * (below + (end - place - good) / 2)
        below += end - place - good
        place = end
    return won / (ones * zeros) if ones and zeros else math.nan
