"""Rows as an older release has written them are found, read and decided again."""

import json
from pathlib import Path

import pytest

from ciam_portal.core.audit import seal
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.governance import recompute
from ciam_portal.governance.models import PolicyVersion
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

KEPT = json.loads(Path(__file__).with_name("former_rows.json").read_text())


@pytest.fixture
def former(db: None) -> list[DecisionEntry]:
    """The rows of that release, sealed when there were seals, and the policy that decided them."""
    PolicyVersion.objects.get_or_create(
        version=KEPT["policy_version"],
        defaults={"content": KEPT["policy"], "origin": "file", "state": "found", "found_at": NOON},
    )
    columns = {field.attname: field for field in DecisionEntry._meta.fields}
    rows = [
        DecisionEntry(**{name: columns[name].to_python(value) for name, value in row.items()}) for row in KEPT["rows"]
    ]
    for row in rows:
        row.seal = seal.made(row, seal.MADE_LATER)
    DecisionEntry.objects.bulk_create(rows)
    return list(DecisionEntry.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk"))


def test_every_question_of_then_is_known(former: list[DecisionEntry]) -> None:
    assert len(former) == len(KEPT["rows"])
    assert {entry.question for entry in former} <= set(KNOWN)


def test_they_are_decided_again_as_they_were(former: list[DecisionEntry]) -> None:
    for entry in former:
        assert recompute.recompute(entry) == (), (entry.pk, entry.question, entry.action)


def test_the_trigger_stands_again(former: list[DecisionEntry]) -> None:
    with pytest.raises(Exception, match="append-only"):
        DecisionEntry.objects.filter(pk=former[0].pk).update(question="x")
