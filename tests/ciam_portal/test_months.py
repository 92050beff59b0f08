"""The audit and the decisions lie in months: made ahead, dropped when they are over, never sooner, by nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from ciam_portal import tasks
from ciam_portal.core import clock
from ciam_portal.core.audit import database, months, seal
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.months import MonthsDropped
from ciam_portal.core.audit.record import record
from ciam_portal.governance import recompute
from tests.governance.rows import assess

pytestmark = pytest.mark.django_db
TABLES = ("audit_auditentry", "audit_decisionentry")


def run(statement: str, *values: str | int | UUID) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def parts(table: str) -> set[str]:
    return {name for (name,) in run("SELECT relid::regclass::text FROM pg_partition_tree(%s) WHERE isleaf", table)}


def first_of(months_ago: int) -> datetime:
    today = clock.now()
    month = today.year * 12 + today.month - 1 - months_ago
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def part_of(table: str, months_ago: int) -> str:
    return f"{table}_{first_of(months_ago):%Y_%m}"


def write(at: datetime) -> UUID:
    """One event in the audit."""
    record(MonthsDropped(table=Code("x"), months=0), about=None, by=Actor.system(), at=at)
    return AuditEntry.objects.get(at=at).pk


def where(key: UUID) -> str:
    return str(run("SELECT tableoid::regclass::text FROM audit_auditentry WHERE id = %s", key)[0][0])


@pytest.fixture
def as_portal(db: None) -> Iterator[None]:
    run(f'SET LOCAL ROLE "{configured.PORTAL_ROLE}"')
    yield
    run("RESET ROLE")


@pytest.mark.parametrize("table", TABLES)
def test_this_month_and_the_next_ones_are_there(table: str) -> None:
    assert {part_of(table, -ahead) for ahead in range(4)} < parts(table)
    assert months.make() == 0  # migrating made them


def test_a_row_lies_in_its_month_to_the_first_instant() -> None:
    assert where(write(first_of(0))) == part_of("audit_auditentry", 0)
    assert where(write(first_of(-1) - timedelta(microseconds=1))) == part_of("audit_auditentry", 0)
    assert where(write(first_of(-1))) == part_of("audit_auditentry", -1)


def test_a_row_of_no_month_is_kept_and_moves_to_its_own_when_that_is_made(as_portal: None) -> None:
    key, far = write(first_of(30)), write(first_of(0) + timedelta(days=4000))
    assert where(key) == where(far) == "audit_auditentry_other"
    assert months.make() == 1
    assert where(key) == part_of("audit_auditentry", 30)
    assert where(far) == "audit_auditentry_other"
    assert months.make() == 0
    assert seal.check(AuditEntry.objects.get(pk=key)).holds


def test_months_are_dropped_when_they_are_over_and_that_is_recorded(as_portal: None) -> None:
    old, kept = write(first_of(24) - timedelta(seconds=1)), write(first_of(24))
    months.make()
    assert tasks.audit_months() == 1
    assert not AuditEntry.objects.filter(pk=old).exists()
    assert AuditEntry.objects.filter(pk=kept).exists()
    told = AuditEntry.objects.get(name=MonthsDropped.name, data__months=1)
    assert told.data == {"table": "audit_auditentry", "months": 1, "until": first_of(24).isoformat()}
    assert months.dropped() == {"audit_auditentry": first_of(24)}
    assert tasks.audit_months() == 0


@pytest.mark.parametrize(
    ("table", "kept"), [(TABLES[0], "11"), (TABLES[1], "NULL"), (TABLES[0], "-3"), ("accounts_user", "12")]
)
def test_nothing_within_a_year_goes_whatever_is_asked(as_portal: None, table: str, kept: str) -> None:
    with pytest.raises(DatabaseError, match="no month of the audit goes within a year"), transaction.atomic():
        run(f"SELECT audit_drop_months('{table}', {kept})")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET channel = 'x'", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "INSERT INTO {} DEFAULT VALUES",
     "ALTER TABLE {} DISABLE TRIGGER USER", "SELECT * FROM {}"],
)  # fmt: skip
def test_the_portal_has_no_way_to_a_month_but_through_the_whole(as_portal: None, table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
        run(statement.format(part_of(table, 0)))


@pytest.mark.parametrize("statement", ["UPDATE {} SET channel = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", [part_of(TABLES[0], 0), f"{TABLES[1]}_other", *TABLES])
def test_not_even_its_owner_changes_a_month(table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(statement.format(table))


def test_one_month_made_later_is_as_closed(as_portal: None) -> None:
    write(first_of(30))
    months.make()
    run("RESET ROLE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(f"DELETE FROM {part_of('audit_auditentry', 30)}")  # noqa: S608  (our own table)


def test_the_migration_moves_what_is_there_both_ways() -> None:
    """Rows from before lie in their months, sealed as they were; decisions are taken again as before."""
    decision, before = assess(), write(first_of(2))
    executor = MigrationExecutor(connection)
    first = [("audit", "0001_squashed")]
    back = executor.migration_plan(first)
    executor.migrate(first, [step for step in back if step[0].app_label == "audit"])  # not what others stand on
    assert not parts("audit_auditentry")
    assert seal.check(AuditEntry.objects.get(pk=before)).holds
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run("DELETE FROM audit_auditentry")
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    database.on_migrated()
    assert where(before) == part_of("audit_auditentry", 2)
    assert recompute.recompute(DecisionEntry.objects.get(pk=decision.pk)) == ()
    call_command("verify_audit", verbosity=0)
