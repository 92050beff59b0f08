"""The tree as the database keeps it: hashes of complete subtrees, read by the tile of 256."""

from django.db.models import Max

from ciam_portal.core.audit.tree import hashes
from ciam_portal.core.audit.tree.models import Leaf, Subtree

STEP = 8
"""Of every so many levels all subtrees are stored; those between are worked out."""
TILE = 1 << STEP


def size() -> int:
    """How many leaves there are."""
    last = Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else int(last) + 1


class Stored:
    """Its complete subtrees, as ``hashes`` asks for them. What was read once is remembered."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """The hash of this one."""
        above = level % STEP
        first = number << above
        tile, at = self.tile(level - above, first // TILE), first % TILE
        return hashes.complete(tile[at : at + (1 << above)])

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of up to 256 subtrees side by side."""
        key = (level, number)
        if key not in self._tiles:
            span = (number * TILE, (number + 1) * TILE - 1)
            rows = (
                Subtree.objects.filter(level=level, number__range=span).order_by("number")
                if level
                else Leaf.objects.filter(index__range=span).order_by("index")
            )
            self._tiles[key] = [bytes(found) for found in rows.values_list("hash", flat=True)]
        return self._tiles[key]
