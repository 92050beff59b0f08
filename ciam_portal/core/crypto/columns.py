"""The columns that hold what is sealed, as the models declare them, and how their rows move to another key."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from ciam_portal.core.crypto import vault
from ciam_portal.core.crypto.rings import name_of

BATCH = 500


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``rows``: those that matter; ``context``: for what a row is sealed; ``prefix``: stands before it.

    ``before``: the ring behind values that are not sealed yet, only digested, in rows of an earlier release.
    """

    rows: Callable[[], QuerySet[Any]]
    name: str
    context: Callable[[Any], str]
    prefix: str = ""
    before: str = "DATA_KEYS"

    @property
    def table(self) -> str:
        """For the operator."""
        return f"{self.rows().model._meta.db_table}.{self.name}"  # noqa: SLF001  (Django's documented way)


COLUMNS: list[Column] = []


@dataclass(slots=True)
class Moved:
    """What became of a column's rows: those that were sealed anew, by their former key; those that could not be."""

    anew: Counter[str]
    left: int = 0


def move(column: Column) -> Moved:
    """Seal every row under the first key, in small batches that begin where the last run stopped.

    Safe while the portal runs: a row that changes meanwhile stays as it is, and is under the first key anyway.
    """
    head, moved, last = f"{column.prefix}{name_of(settings.DATA_KEYS[0])}{vault.NAMED}", Moved(Counter()), None
    stale = column.rows().exclude(**{column.name: ""}).exclude(**{f"{column.name}__startswith": head}).order_by("pk")
    while rows := list((stale if last is None else stale.filter(pk__gt=last))[:BATCH]):
        for row in rows:
            _move(column, row, moved)
        last = rows[-1].pk
    return moved


def _move(column: Column, row: Any, moved: Moved) -> None:  # noqa: ANN401  (any model's)
    stored: str = getattr(row, column.name)
    sealed, context = stored.removeprefix(column.prefix), column.context(row)
    try:
        again = column.prefix + vault.seal(vault.unseal(sealed, context), context)
    except vault.CannotOpen:
        moved.left += 1
        return
    if column.rows().filter(pk=row.pk, **{column.name: stored}).update(**{column.name: again}):
        moved.anew[sealed.rpartition(vault.NAMED)[0]] += 1
