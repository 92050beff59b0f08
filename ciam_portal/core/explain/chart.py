"""The parts of a score as bars to the left and right of zero: numbers for an inline SVG, no drawing."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ciam_portal.core.explain.features import SHOWN
from ciam_portal.core.risk.visit import Feature

_LEFT, _PLOT, _RIGHT = 190, 480, 10  # names, bars, margin
_VALUE = 62  # room for a value beside the longest bar
_ROW, _BAR = 30, 16


@dataclass(frozen=True, slots=True)
class Bar:
    """One part: its name, its value as text, and where its bar and texts stand."""

    name: str
    value: str
    toward: bool
    x: float
    y: float
    width: float
    text_x: float
    text_y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars around ``zero``; ``sum`` is what they add up to."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    zero: float
    bar_height: int
    sum: float


def chart(contributions: Iterable[Any]) -> Chart | None:
    """The chart of stored contributions (code and log-likelihood ratio each); None if there are none."""
    parts = [(str(code), float(llr)) for code, llr in contributions]
    if not parts:
        return None
    longest = max([abs(llr) for _code, llr in parts] + [1e-9])
    half = _PLOT / 2 - _VALUE
    zero = _LEFT + _PLOT / 2
    bars = tuple(_bar(index, code, llr, zero, half / longest) for index, (code, llr) in enumerate(parts))
    total = math.fsum(llr for _code, llr in parts)
    return Chart(bars, _LEFT + _PLOT + _RIGHT, _ROW * len(parts) + _ROW, zero, _BAR, total)


def _bar(index: int, code: str, llr: float, zero: float, scale: float) -> Bar:
    length = round(abs(llr) * scale, 2)
    y = _ROW * index + _ROW / 2
    toward = llr > 0
    edge = zero + length if toward else zero - length
    return Bar(
        name=_name(code),
        value=f"{llr:+.2f}",
        toward=toward,
        x=zero if toward else edge,
        y=y,
        width=length,
        text_x=edge + 6 if toward else edge - 6,
        text_y=y + _BAR - 3.5,
    )


def _name(code: str) -> str:
    return next((str(SHOWN[feature].name) for feature in Feature if feature == code), code)
