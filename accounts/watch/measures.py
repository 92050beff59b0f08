"""Arithmetic of watching a score: pure. No Django, no clock, no database."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_SURE = 1.959964  # standard normal quantile of a two-sided 95 % interval
LEAST_SIGN_INS = 200
LEAST_CHALLENGES = 10
"""With fewer sign-ins, or fewer expected challenges among them, a threshold would be a guess."""


def psi(reference: Sequence[int], current: Sequence[int]) -> float:
    """The population stability index of two histograms over the same bins: sum of (c - r) ln(c / r) of the shares.

    Below 0.1 nothing to speak of has changed, above 0.25 much has. An empty bin counts as half a sign-in.
    """
    if len(reference) != len(current):
        raise ValueError("The two histograms have different bins.")
    all_before, all_now = sum(reference), sum(current)
    if not all_before or not all_now:
        return 0.0
    total = 0.0
    for before, now in zip(reference, current, strict=True):
        if before or now:
            then, today = max(before, 0.5) / all_before, max(now, 0.5) / all_now
            total += (today - then) * math.log(today / then)
    return total


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share. (0, 1) if nothing was seen."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _SURE * _SURE
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _SURE * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def risen(before: int, of_before: int, now: int, of_now: int, times: float) -> bool:
    """Whether a share is more than so many times what it was, beyond chance: by the 95 % intervals of both."""
    return interval(now, of_now)[0] > times * interval(before, of_before)[1]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The lowest score from which a challenge may be asked for within a target, with its 95 % interval."""

    score: float
    low: float
    high: float
    challenged: int


def threshold(scores: Sequence[float], challenged_anyway: int, target_percent: float) -> Threshold | None:
    """Find it for genuine sign-ins with these scores and so many more that are challenged whatever their score.

    None if those alone are more than the target allows, or if there is too little to go by (see ``enough``).
    """
    total = len(scores) + challenged_anyway
    allowed = math.floor(total * target_percent / 100) - challenged_anyway
    if allowed < 0 or not scores or not enough(total, target_percent):
        return None
    falling = sorted(scores, reverse=True)
    found = _above(falling, allowed)
    share = allowed / total
    spread = _SURE * math.sqrt(total * share * (1 - share))
    return Threshold(
        found,
        min(found, _above(falling, allowed + spread)),
        max(found, _above(falling, allowed - spread)),
        challenged_anyway + sum(score >= found for score in scores),
    )


def enough(total: int, target_percent: float) -> bool:
    """Whether so many sign-ins say something about such a share of them."""
    return total >= LEAST_SIGN_INS and total * target_percent / 100 >= LEAST_CHALLENGES


def _above(falling: Sequence[float], allowed: float) -> float:
    """The lowest score in hundredths that at most so many reach."""
    place = min(len(falling) - 1, max(0, math.floor(allowed)))
    if allowed >= len(falling):
        return math.floor(falling[-1] * 100) / 100
    return round(math.floor(falling[place] * 100) / 100 + 0.01, 2)
