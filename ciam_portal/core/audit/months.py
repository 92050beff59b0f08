"""Tables by the month: made ahead, dropped when their time is over. The owner's functions in the database do both.

They stand in the migrations ``0002_by_month`` and ``0007_any_table_by_month``, know each such table by itself, and drop
nothing within a year, whatever they are asked. For how long a table is kept its model says (``retention.by_month``).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import connection, transaction

from ciam_portal.core import retention
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.policy import limits

_AHEAD = 3
_PARTS = "SELECT relid::regclass::text FROM pg_partition_tree(%s) WHERE isleaf AND relid::regclass::text !~ '_other$'"
_SECONDS = "SET LOCAL statement_timeout = '80s'"  # moving rows that lay in no month may take a while


@dataclass(frozen=True, slots=True)
class MonthsDropped(AuditEvent):
    """So many months of a table were over, and are gone: whatever was of a time before ``until``."""

    name: ClassVar[str] = "audit.months_dropped"
    table: Code
    months: int
    until: datetime | None = None


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
            before = _months(table)
            cursor.execute("SELECT audit_drop_months(%s, %s)", [table, months(rules)])
            gone = before - _months(table)
            if gone:
                until = max(gone) + timedelta(days=31)  # a day of the next month
                event = MonthsDropped(Code(table), len(gone), until.replace(day=1))
                record(event, about=None, by=by, at=at)
        total += len(gone)
    return total


def dropped() -> dict[str, datetime]:
    """By table, before which time its rows were dropped: only what a record with an unbroken seal says."""
    found = {}
    for entry in AuditEntry.objects.filter(name=MonthsDropped.name).order_by("at"):
        until = entry.data.get("until")
        if until and seal.check(entry).holds:
            found[entry.data["table"]] = datetime.fromisoformat(until)
    return found


def _months(table: str) -> set[datetime]:
    """The first instants of the months that this table has."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [table])
        return {datetime.strptime(name[-7:], "%Y_%m").replace(tzinfo=UTC) for (name,) in cursor.fetchall()}
