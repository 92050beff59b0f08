"""The tree as the database keeps it: hashes of complete subtrees, read by the tile of 256."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max

from ciam_portal.core.audit.tree import hashes
from ciam_portal.core.audit.tree.models import Leaf, Subtree
from ciam_portal.core.postgres import prepared

STEP = 8
"""Of every so many levels all subtrees are stored; those between are worked out."""
TILE = 1 << STEP
_LEAVES = 'SELECT index, kind, "row", at, hash, stamp FROM audit_leaf WHERE index >= %s AND index < %s ORDER BY index'


def size() -> int:
    """How many leaves there are."""
    last = Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else int(last) + 1


class Sealed(NamedTuple):
    """A leaf as it is stored: a million of them are read much sooner than as rows of the model."""

    place: int
    kind: str
    row: UUID
    at: datetime
    hash: bytes
    stamp: bytes


def said_by(index: int, kind: str, row: UUID, at: datetime, hashed: bytes) -> bytes:
    """All that a leaf says, for its stamp."""
    return f"{index} {kind} {row} {at.astimezone(UTC).isoformat()} ".encode() + hashed


def sealed(first: int, end: int) -> list[Sealed]:
    """The leaves of these places that there are."""
    with prepared.connection.prepared(_LEAVES, [first, end]) as cursor:
        return [Sealed(*values) for values in cursor.fetchall()]


class Torn(Exception):
    """A leaf or a subtree is missing: no root can be worked out, so none is signed. ``manage.py verify_audit`` says."""


class Stored:
    """Its complete subtrees, as ``hashes`` asks for them. What was read once is remembered."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The hash of this one. Raises Torn."""
        above = level % STEP
        first = number << above
        tile, at = self.tile(level - above, first // TILE), first % TILE
        if len(tile) < at + (1 << above):
            raise Torn(f"subtrees of level {level - above} are missing")
        return hashes.complete(tile[at : at + (1 << above)])

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of up to 256 subtrees side by side. Raises Torn."""
        key = (level, number)
        if key not in self._tiles:
            span = (number * TILE, (number + 1) * TILE - 1)
            by = "number" if level else "index"
            rows = Subtree.objects.filter(level=level) if level else Leaf.objects.all()
            found = list(rows.filter(**{f"{by}__range": span}).order_by(by).values_list(by, "hash"))
            if found and found[-1][0] != span[0] + len(found) - 1:
                raise Torn(f"of level {level}, some between {span[0]} and {found[-1][0]} are missing")
            self._tiles[key] = [bytes(made) for _, made in found]
        return self._tiles[key]
