"""Until when rows are kept: each model says it (``@kept``), and one job forgets what is over, batch by batch.

A table that grows with time and says nothing is a bug (``tests/house/test_retention.py``). What lies in months goes by
the month (``@by_month``, ``audit/months.py``).
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.deletion import ProtectedError, RestrictedError

from ciam_portal.core.away import AWAY, said
from ciam_portal.core.policy import limits

log = logging.getLogger(__name__)

BATCH = 1_000  # rows of one transaction: nobody waits for its locks

Over = Callable[[limits.Limits, datetime], Q]
Months = Callable[[limits.Limits], int]
Row = TypeVar("Row", bound=type[Model])


@dataclass(frozen=True, slots=True)
class Kept:
    """A model, and which of its rows are over."""

    model: type[Model]
    over: Over

    def rows(self, at: datetime) -> QuerySet[Any]:
        """Those that may go now."""
        return self.model._base_manager.filter(self.over(limits.current(), at))  # noqa: SLF001  (as Django deletes)


_kept: dict[type[Model], Kept] = {}
_by_month: dict[type[Model], Months] = {}


def kept(over: Over) -> Callable[[Row], Row]:
    """Of this model, what is ``over`` is forgotten: which rows, by the policy and the time. An index finds them."""

    def declare(model: Row) -> Row:
        _kept[model] = Kept(model, over)
        return model

    return declare


def by_month(months: Months) -> Callable[[Row], Row]:
    """This model's table lies in months, and keeps so many whole ones."""

    def declare(model: Row) -> Row:
        _by_month[model] = months
        return model

    return declare


def in_months() -> dict[type[Model], Months]:
    """Those tables."""
    return dict(_by_month)


def declared() -> tuple[Kept, ...]:
    """All of them."""
    return tuple(_kept.values())


def forget(at: datetime, seconds: float) -> int:
    """Forget what is over, table by table in turns, until nothing is or the time is up. The number of rows."""
    end, total, waiting = time.monotonic() + seconds, 0, declared()
    while waiting and time.monotonic() < end:
        gone = {each: _some(each, at) for each in waiting}
        total += sum(gone.values())
        waiting = tuple(each for each, number in gone.items() if number == BATCH)
    return total


def _some(each: Kept, at: datetime) -> int:
    """One batch; what somebody else holds is left for the next time. A table that fails stops no other."""
    try:
        with transaction.atomic():
            rows = each.rows(at).select_for_update(skip_locked=True, of=("self",))
            keys = list(rows.values_list("pk", flat=True)[:BATCH])
            if keys:
                each.model._base_manager.filter(pk__in=keys).delete()  # noqa: SLF001  (as above)
    except AWAY as error:
        log.error("what is over of %s could not be forgotten: %s", each.model._meta.label, said(error))  # noqa: SLF001, TRY400
        return 0
    except (DatabaseError, ProtectedError, RestrictedError):
        log.exception("what is over of %s could not be forgotten", each.model._meta.label)  # noqa: SLF001
        return 0
    return len(keys)
