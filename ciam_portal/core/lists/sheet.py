"""Rows as a file for a spreadsheet, of which it calculates nothing."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one


def lines(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The file, line by line (CSV)."""
    writer = csv.DictWriter(_Echo(), columns)
    yield writer.writeheader()
    for row in rows:
        yield writer.writerow({name: cell(value) for name, value in row.items()})


def cell(value: object) -> str:
    """As text that no spreadsheet calculates with."""
    text = json.dumps(value) if isinstance(value, (dict, list)) else plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(value: Any) -> str:  # noqa: ANN401  (whatever a column holds)
    """As text."""
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
