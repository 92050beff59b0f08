"""Rows that wait become leaves, batch by batch, by one sealer at a time; after each batch a checkpoint is signed.

A batch is one transaction. It reads rows, adds leaves and takes rows off the list of those that wait: nobody who writes
to the audit waits for it. A sealer that is killed leaves nothing half done.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from ciam_portal.core.audit import seal
from ciam_portal.core.audit.tree import checkpoints, hashes, leaves, stored
from ciam_portal.core.audit.tree.models import Checkpoint, Leaf, Subtree, Waiting

log = logging.getLogger(__name__)

BATCH = 1_000
_ONE = 9162  # the key of the lock that a sealer holds


def seal_all(seconds: float, at: datetime) -> int:
    """Seal what waits, until nothing does or the time is up. How many leaves were added. Raises Torn."""
    end, added, after = time.monotonic() + seconds, 0, 0
    while True:
        with transaction.atomic():
            waiting = _next(after)
            added += _seal(waiting, at) if waiting else 0
        if len(waiting) < BATCH or time.monotonic() >= end:
            return added
        after = waiting[-1].pk


def _next(after: int) -> list[Waiting]:
    """The next that wait, for the one sealer there is; nothing for any other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE])
        if cursor.fetchone() != (True,):
            return []
    return list(Waiting.objects.filter(pk__gt=after).order_by("pk")[:BATCH])


def _seal(waiting: Sequence[Waiting], at: datetime) -> int:
    """Leaves of those whose rows are there; who is a leaf already (a row was moved) waits no more."""
    known = set(Leaf.objects.filter(row__in=[each.row for each in waiting]).values_list("row", "kind"))
    found = {name: table.read([each for each in waiting if each.kind == name])
             for name, table in leaves.tables().items()}  # fmt: skip
    first = stored.size()
    made, done = list[Leaf](), list[int]()
    for each in waiting:
        values = found.get(each.kind, {}).get(each.row)
        if values is not None and (each.row, each.kind) not in known:
            made.append(_leaf(first + len(made), each, values))
            known.add((each.row, each.kind))
        if (each.row, each.kind) in known:
            done.append(each.pk)
    Waiting.objects.filter(pk__in=done).delete()
    if made:
        Leaf.objects.bulk_create(made)
        _complete(first, first + len(made))
        size = first + len(made)
        note = checkpoints.signed(size, hashes.root(stored.Stored(), size))
        Checkpoint.objects.create(size=size, note=note, at=at)
        transaction.on_commit(lambda: log.info("%s", checkpoints.line(note)))
    return len(made)


def _leaf(index: int, row: Waiting, values: tuple[Any, ...]) -> Leaf:
    """Its leaf. Only a row whose own seal holds gets a stamp: whoever verifies need not ask for both."""
    table = leaves.tables()[row.kind]
    hashed, said = hashes.leaf(table.entry(values)), table.seal(values)
    is_good = said is None or said.holds
    stamp = seal.stamp(stored.said_by(index, row.kind, row.row, row.at, hashed)) if is_good else b""
    return Leaf(index=index, kind=row.kind, row=row.row, at=row.at, hash=hashed, stamp=stamp)


def _complete(old: int, size: int) -> None:
    """Store the subtrees that these leaves complete."""
    tree = stored.Stored()
    level = stored.STEP
    while (done := size >> level) > (had := old >> level):
        made = [(number, hashes.complete(tree.tile(level - stored.STEP, number))) for number in range(had, done)]
        Subtree.objects.bulk_create(Subtree(level=level, number=number, hash=found) for number, found in made)
        level += stored.STEP
