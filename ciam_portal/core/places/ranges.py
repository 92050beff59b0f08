"""CSV files of address ranges (start,end,country or start,end,asn,…), kept in arrays and searched by bisection."""

import csv
import re
import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO

from ciam_portal.core.places.kinds import VERSIONS, Address, Broken, NetworkKind, asn_of, country_of

_LONGEST_LINE = 1000
_FIELDS = 3
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_UNKNOWN = {"", "-", "0", "none", "ap", "eu", "xx", "zz"}  # how files say that they do not know
_LAST = {4: 2**32 - 1, 6: 2**128 - 1}
_DIGITS = len(str(_LAST[6]))
_HALF, _LOW = 64, 2**64 - 1


class _Wide:
    """Numbers of 128 bits in order, 16 bytes each; as much of a sequence as bisection needs."""

    def __init__(self) -> None:
        self._high, self._low = array("Q"), array("Q")

    def __len__(self) -> int:
        return len(self._high)

    def __getitem__(self, index: int) -> int:
        return self._high[index] << _HALF | self._low[index]

    def append(self, number: int) -> None:
        """One more at the end."""
        self._high.append(number >> _HALF)
        self._low.append(number & _LOW)


@dataclass(slots=True)
class _Table:
    """The ranges of one IP version, ascending and apart, each with a value above 0."""

    starts: "array[int] | _Wide"
    ends: "array[int] | _Wide"
    values: "array[int]" = field(default_factory=lambda: array("I"))
    last: int = -1

    def add(self, start: int, end: int, value: int) -> None:
        """One more range. Raises Broken if it is turned round, or not behind those before it."""
        if end < start:
            raise Broken("the range ends before it starts")
        if start <= self.last:
            raise Broken("the range overlaps the one before it or is out of order; correct or remove this line")
        self.last = end
        if value:
            self.starts.append(start)
            self.ends.append(end)
            self.values.append(value)

    def find(self, number: int) -> int:
        """The value of the range that holds the number, or 0."""
        index = bisect_right(self.starts, number) - 1
        return self.values[index] if index >= 0 and number <= self.ends[index] else 0


class Ranges:
    """One file, read whole. A country is kept as the number that its two letters make."""

    _kind: NetworkKind | None = None

    def __init__(self, path: Path) -> None:
        self._tables = {4: _Table(array("I"), array("I")), 6: _Table(_Wide(), _Wide())}
        self._values: dict[str, int] = {}
        with lines(path) as found:
            rows = csv.reader(found, strict=True)
            try:
                for row in rows:
                    self._take(row, rows.line_num)
            except csv.Error as error:
                raise Broken(f"line {rows.line_num}: {error}") from error
        if self._kind is None:
            raise Broken("no range with a country or an AS number in it")
        self.kind: NetworkKind = self._kind
        self._values.clear()

    def _take(self, row: list[str], line: int) -> None:
        try:
            self._add(row)
        except Broken as error:
            raise Broken(f"line {line}: {error}") from error

    def country(self, ip: Address) -> str:
        """The country code, or ""."""
        value = self._tables[ip.version].find(int(ip))
        return chr(value >> 8) + chr(value & 0xFF) if value else ""

    def asn(self, ip: Address) -> int | None:
        """The AS number, or None."""
        return self._tables[ip.version].find(int(ip)) or None

    def examine(self) -> tuple[dict[NetworkKind, int], set[int]]:
        """How many ranges have a value of its kind, and which IP versions are there."""
        counts = {version: len(self._tables[version].values) for version in VERSIONS}
        return {self.kind: sum(counts.values())}, {version for version in VERSIONS if counts[version]}

    def _add(self, row: list[str]) -> None:
        if len(row) < _FIELDS:
            raise Broken("fewer than three fields; expected start,end,country or start,end,asn,…")
        (start_in, start), (end_in, end) = _number(row[0]), _number(row[1])
        if start_in != end_in and row[0].isdigit() and row[1].isdigit():
            raise Broken("the range spans IPv4 and IPv6" if start <= end else "the range ends before it starts")
        if start_in != end_in:
            raise Broken("one end is IPv4 and the other IPv6")
        self._tables[start_in].add(start, end, self._value(row[2]))

    def _value(self, text: str) -> int:
        value = self._values.get(text)
        if value is None:
            value = self._values[text] = self._parsed(text)
        return value

    def _parsed(self, text: str) -> int:
        if text.lower() in _UNKNOWN:
            return 0
        country, asn = country_of(text), asn_of(text)
        kind = NetworkKind.COUNTRY if country else NetworkKind.ASN
        if not country and asn is None:
            raise Broken(f"{_shown(text)} is neither a country nor an AS number")
        if self._kind not in {None, kind}:
            raise Broken("countries and AS numbers are mixed")
        self._kind = kind
        return ord(country[0]) << 8 | ord(country[1]) if country else asn or 0


@contextmanager
def lines(path: Path) -> Iterator[Iterator[str]]:
    """The file line by line, never more of it at once than a line may have. Reading raises Broken."""
    with path.open("rb") as file:
        yield _lines(file)


def _lines(file: BinaryIO) -> Iterator[str]:
    for number in count(1):
        line = file.readline(_LONGEST_LINE + 1)
        if not line:
            return
        if len(line) > _LONGEST_LINE:
            raise Broken(f"line {number}: longer than {_LONGEST_LINE:,} bytes")
        if _CONTROL.search(line.removesuffix(b"\n").removesuffix(b"\r")):
            raise Broken(f"line {number}: control characters")
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise Broken(f"line {number}: not UTF-8 text") from error


def _number(text: str) -> tuple[int, int]:
    """IP version and number of an address: dotted, with colons, or the number itself."""
    if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
        number = int(text)
        if number <= _LAST[6]:
            return (4 if number <= _LAST[4] else 6), number
    try:
        if ":" in text:
            return 6, int.from_bytes(socket.inet_pton(socket.AF_INET6, text))
        return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text))
    except (OSError, ValueError) as error:
        raise Broken(f"{_shown(text)} is not an address") from error


def _shown(text: str) -> str:
    return ascii(text[:40])
