"""How well a score tells attacks from customers, from counts in bins."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Separation:
    """Attacks and genuine sign-ins, bin by bin from the highest score down, as shares at or above."""

    places: tuple[int, ...]
    """Bins, highest first."""
    caught: tuple[float, ...]
    """Share of attacks at or above each bin."""
    challenged: tuple[float, ...]
    """Share of genuine sign-ins at or above each bin."""
    count: int
    """Attacks."""

    @classmethod
    def of(cls, attacks: Mapping[int, float], genuine: Mapping[int, float]) -> "Separation":
        """From counts per bin."""
        places = tuple(sorted(set(attacks) | set(genuine), reverse=True))
        return cls(
            places,
            _shares([attacks.get(place, 0.0) for place in places]),
            _shares([genuine.get(place, 0.0) for place in places]),
            round(sum(attacks.values())),
        )

    @property
    def is_empty(self) -> bool:
        """Is there nothing to compare?"""
        return not self.places or not self.caught[-1] or not self.challenged[-1]

    @property
    def auc(self) -> float:
        """The chance that an attack scores higher than a genuine sign-in; ties count half."""
        if self.is_empty:
            return math.nan
        area, left, low = 0.0, 0.0, 0.0
        for right, high in zip(self.challenged, self.caught, strict=True):
            area += (right - left) * (low + high) / 2
            left, low = right, high
        return area

    def recall(self, challenged: float) -> float:
        """The share of attacks caught while challenging at most this share of genuine sign-ins."""
        if self.is_empty:
            return math.nan
        fitting = (high for right, high in zip(self.challenged, self.caught, strict=True) if right <= challenged)
        return max(fitting, default=0.0)

    def place(self, caught: float) -> int | None:
        """The highest bin at which at least this share of attacks is caught."""
        if self.is_empty:
            return None
        return next(place for place, high in zip(self.places, self.caught, strict=True) if high >= caught - 1e-12)

    def cost(self, caught: float) -> float:
        """The share of genuine sign-ins that is challenged in order to catch this share of attacks."""
        bound = self.place(caught)
        if bound is None:
            return math.nan
        return self.challenged[self.places.index(bound)]

    def curve(self, points: int = 200) -> list[tuple[float, float]]:
        """Challenged against caught, thinned evenly along the way."""
        if self.is_empty:
            return []
        found, last = [(0.0, 0.0)], (0.0, 0.0)
        for point in zip(self.challenged, self.caught, strict=True):
            if math.dist(point, last) >= 2 / points:
                found.append(point)
                last = point
        return [*found, (1.0, 1.0)]


def _shares(counts: list[float]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(value / total for value in accumulate(counts)) if total else tuple(0.0 for _ in counts)
