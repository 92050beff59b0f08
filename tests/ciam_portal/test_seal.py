"""Every row of the audit is sealed: whatever is changed in it is noticed, and only a key of ours makes a seal."""

import copy
import itertools
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from accounts.models import User
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.audit.seal import Seal
from ciam_portal.governance import events, recompute
from tests.conftest import NOON
from tests.governance.rows import AT_HOME, assess, forged

pytestmark = pytest.mark.django_db

OLD, NEW = b"o" * 32, b"n" * 32
MODELS = (AuditEntry, DecisionEntry)
COLUMNS = [(model, field) for model in MODELS for field in model._meta.local_concrete_fields if field.name != "seal"]


def row_of(model: type[models.Model]) -> Any:
    """One that the portal has written."""
    if model is DecisionEntry:
        return assess(facts=AT_HOME)
    record(events.PolicyRejected(version=Code("v1")), about=UUID(int=1), by=Actor.system(), at=NOON)
    return AuditEntry.objects.latest("pk")


def other(field: Any, value: Any) -> Any:
    """Another value that this column may hold."""
    match field:
        case models.UUIDField():
            return uuid4()
        case models.DateTimeField():
            return value.replace(microsecond=1)
        case models.JSONField():
            return [*value, 1] if isinstance(value, list) else {**value, "more": 1}
        case models.FloatField() | models.PositiveSmallIntegerField():
            return 0 if value is None else value + 1
    return "other"


@pytest.mark.parametrize("model", MODELS)
def test_what_the_portal_writes_is_sealed(model: type[models.Model]) -> None:
    assert seal.check(row_of(model)) is Seal.INTACT


@pytest.mark.parametrize(("model", "field"), COLUMNS, ids=str)
def test_a_change_of_any_column_is_noticed(model: type[models.Model], field: Any) -> None:
    row = row_of(model)
    setattr(row, field.attname, other(field, getattr(row, field.attname)))
    model.objects.bulk_create([row]) if field.primary_key else _behind_the_triggers_back(row, field)  # type: ignore[attr-defined]
    assert seal.check(type(row).objects.get(pk=row.pk)) is Seal.BROKEN


def _behind_the_triggers_back(row: Any, field: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {row._meta.db_table} DISABLE TRIGGER USER")
        type(row).objects.filter(pk=row.pk).update(**{field.attname: getattr(row, field.attname)})
        cursor.execute(f"ALTER TABLE {row._meta.db_table} ENABLE TRIGGER USER")


@pytest.mark.parametrize("made", ["", "v1", "v1:", "v2:x:y", "v1-late", "\u2603:x:y"])
def test_a_row_without_a_seal_of_ours_was_never_right(made: str) -> None:
    entry = assess()
    assert not seal.check(_with(entry, made)).holds


def _with(entry: DecisionEntry, made: str) -> DecisionEntry:
    found = copy.copy(entry)
    found.seal = made
    return found


def test_a_row_cannot_be_passed_off_as_one_from_before() -> None:
    entry = assess()
    assert seal.check(_with(entry, entry.seal.replace("v1:", "v1-late:"))) is Seal.BROKEN
    late = _with(entry, seal.made(entry, seal.MADE_LATER))
    assert seal.check(late) is Seal.INTACT_SINCE_UPGRADE
    assert seal.check(_with(entry, late.seal.replace("v1-late:", "v1:"))) is Seal.BROKEN


def test_the_seal_of_one_row_fits_no_other() -> None:
    first, second = assess(), assess()
    assert seal.check(_with(first, second.seal)) is Seal.BROKEN


def test_keys_are_rotated(settings: Any) -> None:
    settings.AUDIT_KEYS = [OLD]
    before = assess()
    settings.AUDIT_KEYS = [NEW, OLD]
    after = assess()
    assert (seal.check(before), seal.check(after)) == (Seal.INTACT, Seal.INTACT)
    assert before.seal.split(":")[1] != after.seal.split(":")[1]
    settings.AUDIT_KEYS = [NEW]
    assert (seal.check(before), seal.check(after)) == (Seal.KEY_UNKNOWN, Seal.INTACT)
    assert not seal.check(before).holds


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@hypothesis(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=json_values, score=st.floats(allow_nan=False, allow_infinity=False))
def test_a_seal_holds_once_the_row_was_stored_and_read(data: Any, score: float) -> None:
    made = DecisionEntry.objects.create(
        at=NOON, actor_kind="system", channel="system", question="x", policy_version="x", answer="allow",
        inputs=[data], score=score,
    )  # fmt: skip
    assert seal.check(DecisionEntry.objects.get(pk=made.pk)) is Seal.INTACT


def test_numbers_and_words_are_told_apart() -> None:
    values: tuple[Any, ...] = (1, "1", True, None, "n1", [1], ["1"], "", 0, False, {}, [])
    words = [seal._plain(value) for value in values]
    assert all(first != second or type(first) is not type(second) for first, second in itertools.combinations(words, 2))


def test_rows_from_before_there_were_seals_say_so() -> None:
    rows = [row_of(model) for model in MODELS]
    for row in rows:
        row.pk = uuid4()
        row.seal = seal.made(row, seal.MADE_LATER)
        type(row).objects.bulk_create([row])
    assert {seal.check(type(row).objects.get(pk=row.pk)) for row in rows} == {Seal.INTACT_SINCE_UPGRADE}
    assert {seal.check(row) for row in AuditEntry.objects.exclude(pk=rows[0].pk)} <= {Seal.INTACT}


def verified() -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out, stderr=out)
    return out.getvalue()


def test_a_row_whose_key_is_gone_is_not_called_changed_and_still_fails(settings: Any) -> None:
    settings.AUDIT_KEYS = [OLD]
    entry = DecisionEntry.objects.get(pk=assess().pk)
    settings.AUDIT_KEYS = [NEW]
    with pytest.raises(CommandError, match="sealed with a key that is not among AUDIT_KEYS") as failed:
        verified()
    assert (failed.value.returncode, "NOT AS THEY" in str(failed.value)) == (1, False)
    found = recompute.recompute(entry)
    assert recompute.verdict(entry, found) is recompute.Verdict.NOBODY_CAN_SAY


def test_the_command_reads_all_seals_and_names_the_broken(customer: User) -> None:
    assert "decision entry: no row" in verified()
    entry, _ = assess(), row_of(AuditEntry)
    assert "decision entry: 1 intact" in verified()
    bad = forged(entry, about=customer.pk)
    out = StringIO()
    with pytest.raises(CommandError, match="1 THING IS NOT") as failed:
        call_command("verify_audit", stdout=out, stderr=out)
    assert failed.value.returncode == 1
    assert f"decision entry {bad.pk}, which waits: broken" in out.getvalue()
