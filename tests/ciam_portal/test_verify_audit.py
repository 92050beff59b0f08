"""Whatever a superuser of the database does to the audit is found and named; a copy kept elsewhere finds the rest."""

# ruff: noqa: S608  (superusers write what they like)

from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from ciam_portal import tasks
from ciam_portal.core import clock
from ciam_portal.core.audit import months, seal
from ciam_portal.core.audit.models import AuditEntry, Checkpoint, DecisionEntry, Leaf, Subtree, Waiting
from ciam_portal.core.audit.tree import checkpoints, hashes, leaves, stored
from ciam_portal.core.audit.tree.verify import Verification, What
from ciam_portal.core.crypto import notes
from ciam_portal.core.crypto.rings import name_of
from tests.ciam_portal.test_months import as_portal, first_of, part_of, run, write
from tests.ciam_portal.test_tree import _nothing_waits, rows, sealed, small, superuser
from tests.conftest import NOON
from tests.governance.rows import assess

__all__ = ["_nothing_waits", "as_portal", "small"]
pytestmark = pytest.mark.django_db
EVIL = b"e" * 32


@pytest.fixture(autouse=True)
def written(_nothing_waits: None) -> list[UUID]:
    """Six rows in two batches, and a decision between them."""
    first = rows(3)
    sealed()
    decision = assess().pk
    second = [write(NOON.replace(hour=13, microsecond=number)) for number in range(3)]
    sealed()
    return [*first, decision, *second]


def found(*outside: str, first: int = 0) -> list[tuple[What, str]]:
    verification = Verification(first, outside=outside)
    return [(fault.what, fault.where) for fault in (*verification.faults(), *verification.unsealed())]


def index_of(row: UUID) -> int:
    return Leaf.objects.get(row=row).index


def copy() -> str:
    """The last checkpoint, as a witness keeps it."""
    return Checkpoint.objects.latest("size").note


def rehash() -> None:
    """All that can be worked out without a key is made to fit the leaves as they are now."""
    superuser("DELETE FROM audit_subtree", "DELETE FROM audit_checkpoint")
    grown = hashes.Growing()
    for hashed in Leaf.objects.order_by("index").values_list("hash", flat=True):
        for level, number, made in grown.add(bytes(hashed)):
            if level % stored.STEP == 0:
                Subtree.objects.create(level=level, number=number, hash=made)
    body = notes.Checkpoint("localhost/audit", stored.size(), grown.root()).body
    Checkpoint.objects.create(size=stored.size(), note=notes.sign(body, "localhost/audit", [EVIL]), at=NOON)


def rehash_leaf(row: UUID, kind: str = "audit_auditentry") -> None:
    leaf = Leaf.objects.get(row=row)
    table = leaves.tables()[kind]
    hashed = hashes.leaf(table.entry(table.read([leaf])[row]))
    superuser(f"UPDATE audit_leaf SET hash = '\\x{hashed.hex()}' WHERE \"row\" = '{row}'")


def test_what_was_written_is_what_is_there() -> None:
    write(NOON)  # one that waits
    assert found() == []
    assert found(copy()) == []


EDITS = [
    ("audit_auditentry", 1, "actor_kind = 'staff'"),
    ("audit_auditentry", 1, "data = '{\"table\": \"y\", \"months\": 0}'"),
    ("audit_auditentry", 1, "at = at + interval '1 microsecond'"), ("audit_auditentry", 1, "about = gen_random_uuid()"),
    ("audit_auditentry", 1, "seal = 'v1:00000000:00'"), ("audit_decisionentry", 3, "answer = 'deny'"),
    ("audit_decisionentry", 3, "score = coalesce(score, 0) + 1e-12"),
    ("audit_decisionentry", 3, "inputs = jsonb_insert(inputs, '{0}', 'null')"),
]  # fmt: skip


@pytest.mark.control("v5.0.0-16.4.2", "PROJECT-consent-record-integrity")
@pytest.mark.parametrize(("table", "number", "edit"), EDITS)
def test_an_edited_row_is_named(written: list[UUID], table: str, number: int, edit: str) -> None:
    row = written[number]
    superuser(f"UPDATE {table} SET {edit} WHERE id = '{row}'")
    assert [(what, str(row) in where, "of 2026-03" in where, f"leaf {index_of(row)}" in where)
            for what, where in found()] == [(What.EDITED, True, True, True)]  # fmt: skip


def test_so_it_is_when_its_leaf_and_the_whole_tree_were_rewritten(written: list[UUID]) -> None:
    row = written[1]
    superuser(f"UPDATE audit_auditentry SET actor_kind = 'staff' WHERE id = '{row}'")
    rehash_leaf(row)
    rehash()
    named = [(what, where) for what, where in found() if what is not What.FORGED]
    assert [what for what, _ in named] == [What.MOVED]
    assert str(row) in named[0][1]


def test_a_deleted_row_is_named(written: list[UUID]) -> None:
    superuser(f"DELETE FROM audit_auditentry WHERE id = '{written[2]}'")
    assert [(what, str(written[2]) in where) for what, where in found()] == [(What.DELETED, True)]


def test_so_is_its_place_when_its_leaf_went_too(written: list[UUID]) -> None:
    index = index_of(written[2])
    superuser(
        f"DELETE FROM audit_auditentry WHERE id = '{written[2]}'",
        f"DELETE FROM audit_leaf WHERE \"row\" = '{written[2]}'",
    )
    what, where = found()[0]
    assert (what, where.startswith(f"leaf {index}, before decision entry {written[3]}")) == (What.GONE, True)
    rehash()
    assert found()[0] == (what, where)


def test_and_when_all_that_follow_were_moved_up(written: list[UUID]) -> None:
    index = index_of(written[2])
    superuser(
        f"DELETE FROM audit_auditentry WHERE id = '{written[2]}'",
        f"DELETE FROM audit_leaf WHERE \"row\" = '{written[2]}'",
        f"UPDATE audit_leaf SET index = -index WHERE index > {index}",
        "UPDATE audit_leaf SET index = -index - 1 WHERE index < 0",
    )
    rehash()
    named = [where for what, where in found() if what is What.MOVED]
    assert len(named) == 4
    assert f"leaf {index}" in named[0]  # the first one that does not stand where it stood


def test_reordered_rows_are_named(written: list[UUID]) -> None:
    one, two = index_of(written[0]), index_of(written[5])
    superuser(
        *(f"UPDATE audit_leaf SET index = {to} WHERE index = {at}" for at, to in ((one, -1), (two, one), (-1, two)))
    )
    rehash()
    named = [where for what, where in found() if what is What.MOVED]
    assert [str(written[5]) in named[0], str(written[0]) in named[1], len(named)] == [True, True, 2]


def inserted() -> str:
    key = uuid4()
    columns = "about, actor_kind, actor, on_behalf_of, session, channel, request_id, name, decision, source, data, seal"
    superuser(
        f"INSERT INTO audit_auditentry (id, at, {columns}) SELECT '{key}', at, {columns} FROM audit_auditentry LIMIT 1"
    )
    return str(key)


def test_a_row_that_was_inserted_is_named() -> None:
    key = inserted()
    assert [(what, key in where) for what, where in found()] == [(What.INSERTED, True)]


def test_so_is_one_that_became_a_leaf_for_no_key_of_ours_made_it() -> None:
    key = inserted()
    row = AuditEntry.objects.get(pk=key)
    Waiting.objects.create(kind="audit_auditentry", row=row.pk, at=row.at)
    assert [(what, key in where) for what, where in found()] == [(What.BROKEN, True)]  # while it waits
    sealed()
    assert [(what, key in where) for what, where in found()] == [(What.BROKEN, True)]


def test_a_leaf_whose_stamp_was_taken_away_is_named(written: list[UUID]) -> None:
    superuser(f"UPDATE audit_leaf SET stamp = '' WHERE \"row\" = '{written[1]}'")
    assert [(what, str(written[1]) in where) for what, where in found()] == [(What.MOVED, True)]


def test_a_row_sealed_with_a_key_that_nobody_knows_is_named_for_good(settings: Any) -> None:
    known = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = [EVIL]
    key = write(NOON)
    settings.AUDIT_KEYS = known
    sealed()
    assert [(what, str(key) in where) for what, where in found()] == [(What.KEY_UNKNOWN, True)]


def test_what_a_key_that_was_taken_out_stamped_is_asked_again(written: list[UUID], settings: Any) -> None:
    settings.AUDIT_KEYS = [b"n" * 32]
    assert {what for what, _ in found()} == {What.KEY_UNKNOWN}
    superuser(f"UPDATE audit_auditentry SET channel = 'web' WHERE id = '{written[1]}'")
    assert What.EDITED in {what for what, where in found() if str(written[1]) in where}


def test_a_row_that_went_before_it_was_sealed_is_named() -> None:
    key = write(NOON)
    superuser(f"DELETE FROM audit_auditentry WHERE id = '{key}'")
    assert [(what, str(key) in where) for what, where in found()] == [(What.UNSEALED, True)]


def cut_off(written: Sequence[UUID]) -> None:
    index = index_of(written[4])
    gone = ", ".join(f"'{row}'" for row in written[4:])
    superuser(
        f"DELETE FROM audit_auditentry WHERE id IN ({gone})", f"DELETE FROM audit_leaf WHERE index >= {index}",
        f"DELETE FROM audit_checkpoint WHERE size > {index}",
    )  # fmt: skip
    size = stored.size()
    Checkpoint.objects.create(size=size, note=checkpoints.signed(size, hashes.root(stored.Stored(), size)), at=NOON)


def rewritten(written: Sequence[UUID]) -> None:
    """With all keys: a row says something else, and everything after it is made again."""
    row = AuditEntry.objects.get(pk=written[1])
    row.actor_kind = "staff"
    remade = seal.made(row)
    superuser(
        f"UPDATE audit_auditentry SET actor_kind = 'staff', seal = '{remade}' WHERE id = '{row.pk}'",
        'INSERT INTO audit_waiting (kind, "row", at) SELECT kind, "row", at FROM audit_leaf ORDER BY index',
        "DELETE FROM audit_leaf", "DELETE FROM audit_subtree", "DELETE FROM audit_checkpoint",
    )  # fmt: skip
    sealed()


@pytest.mark.parametrize(("attack", "what"), [(cut_off, What.CUT), (rewritten, What.REWRITTEN)])
def test_a_copy_kept_elsewhere_finds_what_was_done_with_the_keys(
    written: list[UUID], attack: Callable[[Sequence[UUID]], None], what: What
) -> None:
    kept = [each.note for each in Checkpoint.objects.order_by("size")]
    attack(written)
    assert found() == []
    assert [each for each, _ in found(kept[-1])] == [what]
    (_, where), *more = found(*kept)
    assert not more
    if what is What.REWRITTEN:  # of many copies, the last that fits and the first that does not say where
        assert where.startswith(f"checkpoint of {index_of(written[2]) + 1} leaves; ")
        assert f"the checkpoint of {index_of(written[0])} leaves is the last that fits" in where
    else:
        assert where.startswith(f"leaves {index_of(written[3]) + 1} to ")


def test_a_checkpoint_that_nobody_of_us_signed_is_named() -> None:
    last = Checkpoint.objects.latest("size")
    superuser(f"UPDATE audit_checkpoint SET note = replace(note, E'\\n{last.size}\\n', E'\\n1\\n')")
    assert {what for what, _ in found()} == {What.FORGED}
    Checkpoint.objects.all().delete()
    assert [what for what, _ in found()] == [What.FORGED]


def test_a_subtree_that_was_rewritten_is_named(small: None) -> None:
    for number in range(40):
        write(NOON.replace(hour=14, microsecond=number))
    sealed()
    assert found() == []
    superuser("UPDATE audit_subtree SET hash = decode(repeat('00', 32), 'hex') WHERE level = 4 AND number = 1")
    assert found() == [(What.SUBTREE, "subtree 1 of level 4")]


def test_months_dropped_by_retention_are_accounted_for_and_no_others(as_portal: None) -> None:
    old = write(first_of(25))
    months.make()
    sealed()
    assert tasks.audit_months() == 1
    sealed()
    assert not AuditEntry.objects.filter(pk=old).exists()
    verification = Verification()
    assert list(verification.faults()) == []
    assert verification.seals["audit_auditentry"]["dropped by retention, as recorded"] == 1
    run("RESET ROLE")
    newer = write(first_of(20))
    months.make()
    sealed()
    superuser(f"DROP TABLE {part_of('audit_auditentry', 20)}")
    assert [(what, str(newer) in where) for what, where in found()] == [(What.DELETED, True)]


def test_only_a_record_of_ours_accounts_for_months(written: list[UUID], settings: Any) -> None:
    superuser(f"DELETE FROM audit_auditentry WHERE id = '{written[0]}'")
    AuditEntry.objects.bulk_create([AuditEntry(
        at=clock.now(), actor_kind="system", channel="job", name="audit.months_dropped",
        seal=f"v1:{name_of(settings.AUDIT_KEYS[0])}:00",
        data={"table": "audit_auditentry", "months": 1, "until": clock.now().isoformat()},
    )])  # fmt: skip
    assert {what for what, _ in found()} == {What.DELETED, What.BROKEN}


def test_keys_rotate_and_go_and_what_they_made_still_fits(settings: Any) -> None:
    kept = copy()
    settings.CHECKPOINT_KEYS = [b"n" * 32, *settings.CHECKPOINT_KEYS]
    write(NOON)
    sealed()
    assert found(kept) == []
    settings.CHECKPOINT_KEYS = settings.CHECKPOINT_KEYS[:1]
    assert found(copy()) == []


def test_since_reads_only_what_is_newer(written: list[UUID]) -> None:
    superuser(f"UPDATE audit_auditentry SET actor_kind = 'staff' WHERE id IN ('{written[0]}', '{written[5]}')")
    assert len(found()) == 2
    assert Verification(stored.size()).first == 0  # whole tiles


# --- the command


def command(*arguments: str) -> tuple[str, str]:
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out, stderr=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_the_command_says_all_is_well(tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    kept.write_text("".join(each.note for each in Checkpoint.objects.order_by("size")), encoding="utf-8")
    said, failed = command("--checkpoint", str(kept))
    assert not failed
    assert "decision entry: 1 intact" in said
    assert f"tree: {stored.size()} leaves, root " in said


def test_the_command_names_what_is_not(written: list[UUID], tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    kept.write_text(copy(), encoding="utf-8")
    cut_off(written)
    superuser(f"UPDATE audit_decisionentry SET answer = 'deny' WHERE id = '{written[3]}'")
    said, failed = command("--checkpoint", str(kept))
    assert "2 THINGS ARE NOT AS THEY WERE WRITTEN" in failed
    assert f"decision entry {written[3]} of 2026-03, leaf {index_of(written[3])}: edited" in said
    assert "cut off: leaves that were signed for are gone" in said
    assert DecisionEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "holds no checkpoint"), ("a\n1\nx\n\n\u2014 a AAAA\n", "Nobody whom we know"), (None, "cannot be read")],
)
def test_a_file_that_holds_no_checkpoint_of_ours_is_refused(text: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert said in command("--checkpoint", str(path))[1]
    assert "takes a day" in command("--since", "yesterday")[1]
    assert not command("--since", "2026-03-01")[1]
