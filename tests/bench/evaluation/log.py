"""Read a log of sign-ins from a CSV file, line by line, whatever is in it."""

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.evaluation.rows import COLUMNS, DEVICE_KEY, BadRow, Row, parse

LISTED = 10
FIELD = 1 << 20
"""No cell is longer than this many characters."""
BATCH = 10_000


class Unreadable(ValueError):
    """The file as a whole is no such log."""


@dataclass(slots=True)
class Log:
    """A file being read."""

    path: Path
    good: int = 0
    bad: int = 0
    problems: list[str] = field(default_factory=list)
    """The first bad lines: number and reason."""
    place: int = 0
    """Bytes read."""
    size: int = 0

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """The cells of each line with its number, without the head."""
        csv.field_size_limit(FIELD)
        self.size = self.path.stat().st_size
        with self.path.open("rb") as raw:
            text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
            reader = csv.reader(text)
            is_first = True
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    break
                except csv.Error as error:
                    self.complain(reader.line_num, str(error))
                    continue
                self.place = raw.tell()
                if is_first and cells:
                    is_first = False
                    if self._is_head(cells):
                        continue
                if cells:
                    yield reader.line_num, cells
        if is_first:
            raise Unreadable(f"{self.path} is empty.")

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every line that can be read. What cannot is counted, the first few with number and reason."""
        for number, cells in self.lines():
            try:
                row = parse(cells)
            except BadRow as error:
                self.complain(number, str(error))
                continue
            self.good += 1
            yield number, row

    def in_order(self) -> Iterator[tuple[int, Row]]:
        """The rows of a file that is sorted by time; one that is not stops with the line."""
        last = float("-inf")
        for number, row in self.rows():
            if row.second < last:
                raise Unreadable(
                    f"Line {number} is earlier than the line before it: the file is not sorted by time. "
                    "Sort it, or say --sort (needs as much temporary space as the file)."
                )
            last = row.second
            yield number, row

    def sorted(self, file: sqlite3.Connection) -> Iterator[tuple[int, Row]]:
        """The rows by time, sorted in a temporary table."""
        file.execute("create table lines (second real, number integer, cells text)")
        batch: list[tuple[float, int, str]] = []
        for number, cells in self.lines():
            try:
                second = parse(cells).second
            except BadRow as error:
                self.complain(number, str(error))
                continue
            self.good += 1
            batch.append((second, number, json.dumps(cells)))
            if len(batch) == BATCH:
                file.executemany("insert into lines values (?, ?, ?)", batch)
                batch.clear()
        file.executemany("insert into lines values (?, ?, ?)", batch)
        for number, cells in file.execute("select number, cells from lines order by second, number"):
            yield number, parse(json.loads(cells))

    def complain(self, number: int, reason: str) -> None:
        """Count a bad line."""
        self.bad += 1
        if len(self.problems) < LISTED:
            self.problems.append(f"line {number}: {reason}")

    def _is_head(self, cells: list[str]) -> bool:
        names = [cell.strip() for cell in cells]
        if names in (list(COLUMNS), [*COLUMNS, DEVICE_KEY]):
            return True
        if COLUMNS[1] in names:
            missing = [name for name in COLUMNS if name not in names]
            what = f"lacks {', '.join(missing)}" if missing else "has them in another order"
            raise Unreadable(f"The head of {self.path} {what}. Expected: {', '.join(COLUMNS)}[, {DEVICE_KEY}].")
        return False
