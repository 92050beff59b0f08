"""A year as bars, the oldest month above: numbers for an inline SVG, no drawing. Made for a phone's width."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH = 360
_LEFT, _RIGHT = 76, 56  # names and numbers
_ROW, _BAR = 24, 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: where its bar stands, its refused part at the end of it, and its texts."""

    month: datetime
    times: int
    y: int
    text_y: int
    used: float
    refused_x: float
    refused: float
    value_x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it."""

    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH
    left: int = _LEFT
    bar_height: int = _BAR


def chart(months: Sequence[tuple[datetime, int, int]]) -> Chart:
    """The chart of months, each with how often data was used and how often that was refused."""
    most = max([used + refused for _month, used, refused in months] + [1])
    scale = (WIDTH - _LEFT - _RIGHT) / most
    return Chart(tuple(_bar(row, *month, scale) for row, month in enumerate(months)), _ROW * len(months))


def _bar(row: int, month: datetime, used: int, refused: int, scale: float) -> Bar:
    y, end = _ROW * row + (_ROW - _BAR) // 2, _LEFT + used * scale
    right = end + refused * scale
    return Bar(
        month, used + refused, y, y + _BAR - 3,
        round(used * scale, 2), round(end, 2), round(refused * scale, 2), round(right + 6, 2),
    )  # fmt: skip
