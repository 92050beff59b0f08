"""Every row of the audit becomes a leaf: none is left out, however late it commits, and one sealer works at a time."""

import json
import logging
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from ciam_portal import tasks
from ciam_portal.core import clock, retention
from ciam_portal.core.audit import database, months
from ciam_portal.core.audit.models import AuditEntry, Checkpoint, Leaf, Subtree, Waiting
from ciam_portal.core.audit.tree import checkpoints, hashes, leaves, sealer, stored
from ciam_portal.core.crypto import notes
from tests.at_once import at_once
from tests.ciam_portal.test_months import as_portal, first_of, run, write
from tests.conftest import NOON
from tests.governance.rows import assess

__all__ = ["as_portal"]
pytestmark = pytest.mark.django_db
TABLES = ("audit_auditentry", "audit_decisionentry", "audit_leaf", "audit_subtree")


def rows(count: int) -> list[UUID]:
    return [write(NOON.replace(microsecond=number)) for number in range(1, count + 1)]


def sealed() -> int:
    return sealer.seal_all(60, clock.now())


@pytest.fixture(autouse=True)
def _nothing_waits(request: pytest.FixtureRequest) -> None:
    """What migrating recorded is sealed before."""
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    sealed()


def test_a_row_waits_and_becomes_the_next_leaf_under_a_signed_root(settings: Any) -> None:
    before = stored.size()
    first, second = rows(2)
    decision = assess().pk
    assert [each.row for each in Waiting.objects.order_by("pk")] == [first, second, decision]
    assert sealed() == 3
    assert not Waiting.objects.exists()
    made = list(Leaf.objects.filter(index__gte=before).order_by("index"))
    assert [each.row for each in made] == [first, second, decision]
    assert [each.index for each in made] == [before, before + 1, before + 2]
    last = Checkpoint.objects.latest("size")
    found = checkpoints.opened(last.note)
    assert (found.size, found.origin) == (stored.size(), settings.AUDIT_ORIGIN)
    hashed = [bytes(each) for each in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    grown = hashes.Growing()
    for each in hashed:
        list(grown.add(each))
    assert found.root == grown.root()


def test_nothing_new_makes_no_checkpoint() -> None:
    before = Checkpoint.objects.count()
    assert sealed() == 0
    assert Checkpoint.objects.count() == before


def test_a_checkpoint_goes_to_the_log_as_one_line(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    rows(1)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.seal()
    assert logging.getLogger(sealer.__name__).level == logging.INFO  # a worker's root logger says only warnings
    assert json.loads(caplog.messages[-1])
    kept = [each.note for each in Checkpoint.objects.order_by("size")]
    assert checkpoints.found_in(f"10:00 INFO x [- -] {caplog.messages[-1]}\n") == kept[-1:]
    assert checkpoints.found_in("\n".join(kept)) == checkpoints.found_in("".join(kept)) == kept


def test_what_is_hashed_of_a_row_never_changes() -> None:
    """The very bytes: if this fails, a release would call all rows from before it edited."""
    at, key = NOON.replace(microsecond=7), UUID(int=1)
    entry = AuditEntry(
        id=key,
        at=at,
        actor_kind="system",
        channel="job",
        name="x",
        seal="v1:s",
        data={"b": [1.50, None], "a": '\u00e9"'},
    )
    AuditEntry.objects.bulk_create([entry])
    table = leaves.tables()["audit_auditentry"]
    assert table.entry(table.read([Waiting.objects.get(row=key)])[key]).decode() == (
        '["audit_auditentry",{"actor_kind":"system","at":"2026-03-01T12:00:00.000007+00:00","channel":"job",'
        '"data":"{\\"a\\": \\"\u00e9\\\\\\"\\", \\"b\\": [1.5, null]}","id":"00000000-0000-0000-0000-000000000001",'
        '"name":"x","request_id":"","seal":"v1:s","source":""}]'
    )


def superuser(*statements: str) -> None:
    """What no trigger stops."""
    for table in TABLES:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in statements:
        run(statement)
    for table in TABLES:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, _nothing_waits: None) -> None:
    """A tree with subtrees of four, and nothing in it yet."""
    monkeypatch.setattr(stored, "STEP", 2)
    monkeypatch.setattr(stored, "TILE", 4)
    superuser(*(f"DELETE FROM {table}" for table in (*TABLES, "audit_checkpoint")))  # noqa: S608  (superusers do)


def test_batches_are_bounded_and_complete_subtrees_are_kept(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "BATCH", 90)
    checkpoint = Checkpoint.objects.count()
    rows(200)
    assert sealed() == 200
    assert Checkpoint.objects.count() == checkpoint + 3
    assert not Waiting.objects.exists()
    size = stored.size()
    kept = {(each.level, each.number): bytes(each.hash) for each in Subtree.objects.all()}
    assert set(kept) == {(level, number) for level in (2, 4, 6) for number in range(size >> level)}
    hashed = [bytes(each) for each in Leaf.objects.order_by("index").values_list("hash", flat=True)]
    for (level, number), found in kept.items():
        assert found == hashes.complete(hashed[number << level : (number + 1) << level])


def test_no_root_is_signed_of_a_torn_tree(small: None, caplog: pytest.LogCaptureFixture) -> None:
    rows(6)
    sealed()
    before = Checkpoint.objects.count()
    superuser("DELETE FROM audit_leaf WHERE index = 4")
    write(NOON)
    assert tasks.seal() == 0
    assert "the audit's tree is torn" in caplog.text
    assert (Checkpoint.objects.count(), Waiting.objects.count()) == (before, 1)


def test_a_row_that_was_moved_to_its_month_is_no_second_leaf(as_portal: None) -> None:
    key = write(first_of(30))
    assert sealed() == 1
    months.make()
    assert Waiting.objects.filter(row=key).exists()
    assert sealed() == 0
    assert not Waiting.objects.exists()


def test_a_row_that_is_gone_before_it_was_sealed_stays_on_the_list_and_stops_no_other() -> None:
    Waiting.objects.create(kind="audit_auditentry", row=uuid4(), at=NOON)
    rows(2)
    assert sealed() == 2
    assert Waiting.objects.count() == 1


def test_rows_from_before_the_tree_wait_after_migrating() -> None:
    run("DROP TRIGGER waits_for_the_tree ON audit_auditentry")
    key = write(NOON)
    assert not Waiting.objects.exists()
    database.on_migrated()
    assert [each.row for each in Waiting.objects.all()] == [key]
    database.on_migrated()  # and only once
    assert Waiting.objects.count() == 1


@pytest.mark.control("v5.0.0-16.4.2")
@pytest.mark.parametrize("table", ["audit_leaf", "audit_subtree"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_a_leaf(table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(statement.format(table))


def test_every_table_in_the_tree_has_what_it_takes() -> None:
    for name, table in leaves.tables().items():
        assert {"id", "at"} <= set(table.columns), name
        assert run("SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'waits_for_the_tree'",
                   name) == [(1,)]  # fmt: skip
    assert set(leaves.tables()) >= {"audit_auditentry", "audit_decisionentry"}


# --- with others


class Late:
    """A transaction that has written and is open until it is told to commit."""

    def __init__(self) -> None:
        self.key = uuid4()
        self._wrote, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._wrote.wait(10)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                row = AuditEntry(id=self.key, at=NOON, actor_kind="system", channel="job", name="x")
                row.save()
                self._wrote.set()
                self._go_on.wait(10)
        finally:
            connection.close()

    def commit(self) -> None:
        self._go_on.set()
        self._thread.join(10)


@pytest.mark.usefixtures("unlocked_audit")
@pytest.mark.django_db(transaction=True)
class TestBesideOthers:
    def test_a_transaction_that_commits_late_is_not_left_out(self, transactional_db: None) -> None:
        late = Late()
        rows(3)
        before = stored.size()
        assert sealed() == 3  # what was written later is sealed; nobody waits
        late.commit()
        assert sealed() == 1
        assert Leaf.objects.get(row=late.key).index == before + 3

    def test_nobody_waits_for_a_sealer(self, transactional_db: None) -> None:
        rows(3)
        with transaction.atomic():
            waiting = sealer._next(0)
            assert sealer._seal(waiting, NOON) == 3

            def another() -> None:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '2s'")
                write(NOON)

            at_once(another)
        assert AuditEntry.objects.filter(at=NOON).exists()

    def test_two_sealers_at_once_are_one(self, transactional_db: None) -> None:
        before = stored.size()
        rows(40)
        counts = at_once(sealed, sealed, sealed)
        assert sum(counts) + sealed() == 40  # type: ignore[arg-type]
        assert stored.size() == before + 40
        assert Leaf.objects.values("row").distinct().count() == Leaf.objects.count()

    def test_a_killed_sealer_leaves_nothing_half_done(self, transactional_db: None) -> None:
        before = stored.size()
        rows(3)
        with transaction.atomic():
            assert sealer._seal(sealer._next(0), NOON) == 3
            transaction.set_rollback(True)
        assert (stored.size(), Waiting.objects.count()) == (before, 3)
        assert sealed() == 3


def test_all_keys_sign_while_one_takes_over_from_another(settings: Any) -> None:
    former = settings.CHECKPOINT_KEYS[0]
    settings.CHECKPOINT_KEYS = [b"n" * 32, former]
    rows(1)
    sealed()
    note = Checkpoint.objects.latest("size").note
    for seed in settings.CHECKPOINT_KEYS:
        assert notes.opened(note, {settings.AUDIT_ORIGIN: [notes.public(seed)]})


def test_checkpoints_go_in_time_and_the_last_one_never() -> None:
    kept = next(each for each in retention.declared() if each.model is Checkpoint)
    for number in range(2):
        write(NOON.replace(microsecond=number))
        sealer.seal_all(60, NOON)
    last = Checkpoint.objects.latest("size")
    assert set(kept.rows(clock.now())) == set(Checkpoint.objects.filter(at=NOON)) - {last}
