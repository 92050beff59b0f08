"""Pages of a long list, each from where the last one ended: as fast at the ten-thousandth page as at the first."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q, QuerySet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a list, newest first: an instant, and the row's id among those of the same instant."""

    at: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The place that ``str()`` wrote; None for anything else."""
        count, _sep, key = text.partition("-")
        try:
            if not (count.isascii() and count.isdigit()):
                return None
            return cls(_EPOCH + int(count) * _MICROSECOND, UUID(hex=key))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id.hex}"


def after(rows: QuerySet[Any], mark: Mark | None, time: str = "at") -> QuerySet[Any]:
    """The rows that come after this place, newest first by ``time`` and id; all of them without one."""
    if mark is not None:
        # The first condition says nothing new, but an index can begin there.
        older = Q(**{f"{time}__lt": mark.at}) | Q(pk__lt=mark.id)
        rows = rows.filter(Q(**{f"{time}__lte": mark.at}) & older)
    return rows.order_by(f"-{time}", "-pk")
