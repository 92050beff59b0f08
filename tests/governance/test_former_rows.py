"""Rows as an older release has written them: after the migrations they are found, read and decided again."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.governance import recompute
from ciam_portal.governance.models import PolicyVersion
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

KEPT = json.loads(Path(__file__).with_name("former_rows.json").read_text())
names = import_module("ciam_portal.core.audit.migrations.0004_question_names")
seals = import_module("ciam_portal.core.audit.migrations.0005_seals")


@pytest.fixture
def former(db: None) -> list[DecisionEntry]:
    """The rows of that release, and the policy that decided them, after the migrations: questions, then seals."""
    PolicyVersion.objects.get_or_create(
        version=KEPT["policy_version"],
        defaults={"content": KEPT["policy"], "origin": "file", "state": "found", "found_at": NOON},
    )
    columns = {field.attname: field for field in DecisionEntry._meta.fields}
    rows = [
        DecisionEntry(**{name: columns[name].to_python(value) for name, value in row.items()}) for row in KEPT["rows"]
    ]
    DecisionEntry.objects.bulk_create(rows)
    with connection.schema_editor(atomic=False) as editor:
        names.rename(apps, editor)
        seals.seal_rows(apps, editor)
    return list(DecisionEntry.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))


def test_every_question_of_then_has_its_name(former: list[DecisionEntry]) -> None:
    assert len(former) == len(KEPT["rows"])
    assert {entry.question for entry in former} == {now for _then, now in names.NAMES}
    (said,) = AuditEntry.objects.filter(name="audit.questions_named")
    assert said.data == {"rows": len(former)}


def test_they_are_decided_again_as_they_were(former: list[DecisionEntry]) -> None:
    for entry in former:
        assert recompute.recompute(entry) == (), (entry.pk, entry.question, entry.action)


def test_the_way_back_gives_the_old_values(former: list[DecisionEntry]) -> None:
    with connection.schema_editor(atomic=False) as editor:
        names.rename_back(apps, editor)
    then: dict[str, Any] = {row["id"]: row["question"] for row in KEPT["rows"]}
    assert {str(entry.pk): entry.question for entry in DecisionEntry.objects.filter(pk__in=then)} == then


def test_the_trigger_stands_again(former: list[DecisionEntry]) -> None:
    with pytest.raises(Exception, match="append-only"):
        DecisionEntry.objects.filter(pk=former[0].pk).update(question="x")
