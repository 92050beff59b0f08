"""Do the audit's rows still fit the tree, and the tree what was signed of it? Names every row that does not.

Each row is hashed again and compared with its leaf; each leaf has a stamp, by which one that was moved or rewritten is
known; each root that was ever signed, here or in copies that others keep, is worked out again from the leaves. Whoever
may write whatever they like to the database, but has no key, therefore changes nothing unseen, and cannot hide which
row it was. Whoever has the keys too cannot sign away what is in a copy kept elsewhere.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from ciam_portal.core.audit import months, seal
from ciam_portal.core.audit.tree import checkpoints, hashes, leaves, proofs, stored
from ciam_portal.core.audit.tree.models import Checkpoint, Leaf, Subtree, Waiting
from ciam_portal.core.audit.tree.stored import Sealed
from ciam_portal.core.crypto import notes

_CHUNK = 16 * stored.TILE
_MOST = 10_000  # rows in no leaf that are named
_NOT_THERE = """
SELECT id, at FROM {table} AS given WHERE at >= %s
AND NOT EXISTS (SELECT FROM audit_leaf WHERE "row" = given.id AND kind = %s)
AND NOT EXISTS (SELECT FROM audit_waiting WHERE "row" = given.id AND kind = %s) LIMIT %s
"""
_ANYWHERE = "SELECT id FROM {table} WHERE id = ANY(%s)"
EVER = datetime(1, 1, 1, tzinfo=UTC)


class What(StrEnum):
    """What was found."""

    EDITED = "edited: the row is not as it was sealed"
    DELETED = "deleted: the row is gone"
    INSERTED = "inserted: the row stands in no leaf, and does not wait for one"
    BROKEN = "broken: the row is not as it was written"
    KEY_UNKNOWN = "made with a key that is not among AUDIT_KEYS"
    MOVED = "moved: its leaf is not as it was made (reordered, or rewritten)"
    GONE = "gone: leaves are missing"
    UNSEALED = "deleted: the row is gone, and it had not been sealed"
    UNKNOWN_TABLE = "of a table that does not stand in the tree"
    SUBTREE = "subtree rewritten: proofs would be wrong"
    REWRITTEN = "rewritten: leaves were changed after a checkpoint was signed"
    CUT = "cut off: leaves that were signed for are gone"
    FORGED = "forged: a checkpoint that none of our keys signed"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not right, named."""

    what: What
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Verification:
    """Leaves ``first`` up to ``last``, all that they stand for, and all that was signed of them."""

    def __init__(self, first: int = 0, last: int | None = None, outside: Sequence[str] = ()) -> None:
        self.size = stored.size()
        self.first = min(first, self.size) // stored.TILE * stored.TILE
        self.last = self.size if last is None else min(last, self.size)
        self.seals: dict[str, Counter[str]] = {name: Counter() for name in leaves.tables()}
        self.reached, self.root = self.first, b""
        self._outside: dict[int, list[str]] = {}
        for note in outside:
            self._outside.setdefault(_read(note).size, []).append(note)
        self._tree = stored.Stored()
        self._until = months.dropped()
        self._fits, self._is_torn = "the empty tree", False

    def faults(self, seconds: float | None = None) -> Iterator[Fault]:
        """All of them; as far as it comes in that time, ``reached`` says."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            yield from self._faults(hashes.Growing(self._tree, self.first), end)
        except stored.Torn as torn:
            yield Fault(What.GONE, str(torn))

    def _faults(self, grown: hashes.Growing, end: float | None) -> Iterator[Fault]:
        while grown.size < self.last and (end is None or time.monotonic() < end):
            ends = min(grown.size - grown.size % stored.TILE + _CHUNK, self.last)
            found = stored.sealed(grown.size, ends)
            if not found:
                yield Fault(
                    What.GONE, _span(grown.size, self.last, before="the end; nothing behind them was looked at")
                )
                return
            yield from self._chunk(found, grown, ends)
            self.reached = grown.size
        self.root = grown.root()
        if grown.size == self.size:
            yield from self._end()

    def _chunk(self, found: list[Sealed], grown: hashes.Growing, ends: int) -> Iterator[Fault]:
        begins, by_index = grown.size, {leaf.place: leaf for leaf in found}
        yield from self._rows(found)
        yield from _holes(begins, ends, found)
        signed = dict(Checkpoint.objects.filter(size__range=(begins + 1, ends)).values_list("size", "note"))
        kept = self._subtrees(begins, ends)
        for index in range(begins, ends):
            hashed = by_index[index].hash if index in by_index else hashes.EMPTY
            for level, number, made in grown.add(hashed):
                if level % stored.STEP == 0 and kept.get((level, number)) != made and not self._is_torn:
                    yield Fault(What.SUBTREE, f"subtree {number} of level {level}")
            if index + 1 in signed or index + 1 in self._outside:
                yield from self._compare(grown, signed.get(index + 1))

    def _subtrees(self, begins: int, ends: int) -> dict[tuple[int, int], bytes]:
        found, level = {}, stored.STEP
        while ends >> level:
            span = (begins >> level, ends >> level)
            rows = Subtree.objects.filter(level=level, number__range=span).values_list("number", "hash")
            found.update({(level, number): bytes(made) for number, made in rows})
            level += stored.STEP
        return found

    def _rows(self, found: list[Sealed]) -> Iterator[Fault]:
        """Each leaf, and the row that it stands for."""
        values = {name: table.read([leaf for leaf in found if leaf.kind == name])
                  for name, table in leaves.tables().items()}  # fmt: skip
        missing = [leaf for leaf in found if leaf.kind in values and leaf.row not in values[leaf.kind]]
        elsewhere = self._elsewhere(missing)
        for leaf in found:
            row = values.get(leaf.kind, {}).get(leaf.row)
            what = self._wrong(leaf, row, is_elsewhere=(leaf.kind, leaf.row) in elsewhere)
            if what:
                yield Fault(what, _named(leaf))

    def _wrong(self, leaf: Sealed, row: tuple[Any, ...] | None, *, is_elsewhere: bool) -> What | None:
        stamped = seal.is_stamped(
            stored.said_by(*leaf[:-1]), leaf.stamp
        )  # None: by no key that is known, or not at all
        if stamped is False:
            return What.MOVED
        table = leaves.tables().get(leaf.kind)
        if table is None:
            return What.UNKNOWN_TABLE
        if row is not None and hashes.leaf(table.entry(row)) == leaf.hash:
            return self._sealed(table, row, stamped=bool(stamped)) or (None if leaf.stamp else What.MOVED)
        if row is not None or is_elsewhere:
            return What.EDITED
        if leaf.at >= self._until.get(leaf.kind, EVER):
            return What.DELETED
        self.seals[leaf.kind]["dropped by retention, as recorded"] += 1
        return None

    def _sealed(self, table: leaves.Table, row: tuple[Any, ...], *, stamped: bool = False) -> What | None:
        """What the row's own seal says; it held when its leaf was stamped, and nothing has changed since."""
        said = None if stamped else table.seal(row)
        if said is None or said.holds:
            self.seals[table.name][table.seal_of(row)] += 1
            return None
        self.seals[table.name][said.value] += 1
        return What.KEY_UNKNOWN if said is seal.Seal.KEY_UNKNOWN else What.BROKEN

    def _elsewhere(self, missing: list[Sealed]) -> set[tuple[str, Any]]:
        """Which of these have a row of that id after all: of another time."""
        found = set()
        for name in {leaf.kind for leaf in missing}:
            with connection.cursor() as cursor:
                cursor.execute(_ANYWHERE.format(table=name), [[leaf.row for leaf in missing if leaf.kind == name]])
                found |= {(name, key) for (key,) in cursor.fetchall()}
        return found

    def _compare(self, grown: hashes.Growing, note: str | None) -> Iterator[Fault]:
        """What was signed of the tree at this size, here and elsewhere. Of all that do not fit, the first is named."""
        for each in [*self._outside.get(grown.size, ()), *([note] if note else [])]:
            if _read(each).root == grown.root():
                self._fits = f"the checkpoint of {grown.size:,} leaves"
            elif not _is_ours(each):
                yield Fault(What.FORGED, f"checkpoint of {grown.size:,} leaves")
            elif not self._is_torn:
                self._is_torn = True
                before = f"of those before it, {self._fits} is the last that fits"
                yield Fault(What.REWRITTEN, f"checkpoint of {grown.size:,} leaves; {before}")

    def _end(self) -> Iterator[Fault]:
        """What ends the tree, what it should have, and what should stand in it."""
        last = proofs.last()
        if last and last.size == self.size and not _is_ours(last.note):
            yield Fault(What.FORGED, f"checkpoint of {last.size:,} leaves")
        if self.size and (last is None or last.size < self.size):
            yield Fault(What.FORGED, f"the last of {self.size:,} leaves stands under no checkpoint")
        most = max([last.size if last else 0, *self._outside])
        if most > self.size:
            yield Fault(What.CUT, _span(self.size, most, before="the end"))
        for size, copies in self._outside.items():
            if size <= self.first and any(_read(each).root != hashes.root(self._tree, size) for each in copies):
                yield Fault(What.REWRITTEN, f"checkpoint of {size:,} leaves, kept elsewhere")

    def unsealed(self, since: datetime = EVER) -> Iterator[Fault]:
        """Rows that stand in no leaf: of those that wait, whether they are there and were written by the portal."""
        for name, table in leaves.tables().items():
            with connection.cursor() as cursor:
                cursor.execute(_NOT_THERE.format(table=name), [since, name, name, _MOST])
                for key, at in cursor.fetchall():
                    yield Fault(What.INSERTED, f"{_words(name)} {key} of {at:%Y-%m}")
            waiting = list(Waiting.objects.filter(kind=name).order_by("pk")[:_MOST])
            values = table.read(waiting)
            known = Leaf.objects.filter(kind=name, row__in=[each.row for each in waiting])
            for key in {each.row for each in waiting} - set(known.values_list("row", flat=True)):
                what = self._sealed(table, values[key]) if key in values else What.UNSEALED
                if what:
                    yield Fault(what, f"{_words(name)} {key}, which waits")


def _named(leaf: Sealed) -> str:
    return f"{_words(leaf.kind)} {leaf.row} of {leaf.at:%Y-%m}, leaf {leaf.place}"


def _words(kind: str) -> str:
    table = leaves.tables().get(kind)
    return str(table.model._meta.verbose_name) if table else kind  # noqa: SLF001  (Django's documented way to it)


def _holes(begins: int, ends: int, found: Sequence[Sealed]) -> Iterator[Fault]:
    """Where leaves are missing, and what stands behind them."""
    at = begins
    for leaf in found:
        if leaf.place > at:
            yield Fault(What.GONE, _span(at, leaf.place, before=_named(leaf)))
        at = leaf.place + 1
    if at < ends:
        yield Fault(What.GONE, _span(at, ends, before=f"leaf {ends}"))


def _span(first: int, end: int, before: str) -> str:
    which = f"leaf {first}" if end == first + 1 else f"leaves {first} to {end - 1}"
    return f"{which}, before {before}"


def _read(note: str) -> notes.Checkpoint:
    """What a note says, whoever signed it."""
    try:
        return notes.read_checkpoint(note)
    except notes.NotANote:
        return notes.Checkpoint("", -1, b"")


def _is_ours(note: str) -> bool:
    try:
        checkpoints.opened(note)
    except notes.NotANote:
        return False
    return True
