"""Tables by the month: made ahead, dropped when their time is over. The owner's functions in the database do both.

They stand in the migrations ``0002_by_month`` and ``0006_any_table_by_month``, know each such table by itself, and drop
nothing within a year, whatever they are asked. For how long a table is kept its model says (``retention.by_month``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import connection, transaction

from ciam_portal.core import retention
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.policy import limits

_AHEAD = 3
_SECONDS = "SET LOCAL statement_timeout = '80s'"  # moving rows that lay in no month may take a while


@dataclass(frozen=True, slots=True)
class MonthsDropped(AuditEvent):
    """So many months of a table were over, and are gone."""

    name: ClassVar[str] = "audit.months_dropped"
    table: Code
    months: int


def make() -> int:
    """Make the tables of this month and the next ones, as far as they are missing. How many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SECONDS)
        cursor.execute("SELECT audit_make_months(%s)", [_AHEAD])
        return int(cursor.fetchone()[0])


def drop(*, by: Actor, at: datetime) -> int:
    """Drop the months whose time is over, and record that. How many."""
    rules, total = limits.current(), 0
    for model, months in retention.in_months().items():
        table = model._meta.db_table  # noqa: SLF001  (Django's documented way to it)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT audit_drop_months(%s, %s)", [table, months(rules)])
            gone = int(cursor.fetchone()[0])
            if gone:
                record(MonthsDropped(table=Code(table), months=gone), about=None, by=by, at=at)
        total += gone
    return total
