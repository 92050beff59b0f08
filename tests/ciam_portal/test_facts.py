"""Facts survive the way into a decision's row and back; what no longer fits is said, never guessed."""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from uuid import UUID, uuid4

import pytest
from hypothesis import given

from ciam_portal.core import gate
from ciam_portal.core.audit.facts import CannotRebuild, as_json, of_question, rebuild
from ciam_portal.core.policy.decision import Risk
from tests.ciam_portal.test_gate import HOME, LIMITS, NOON, facts_of


class Size(IntEnum):
    SMALL = 1


@dataclass(frozen=True, slots=True)
class Inner:
    at: datetime | None
    share: float


@dataclass(frozen=True, slots=True)
class Outer:
    key: UUID
    size: Size
    codes: tuple[str, ...]
    pairs: tuple[tuple[str, int], ...]
    inner: Inner | None = None
    note: str | None = None


WHOLE = Outer(uuid4(), Size.SMALL, ("a", "b"), (("x", 1),), Inner(datetime(2026, 1, 1, tzinfo=UTC), 0.1))


def test_nested_facts_come_back_the_same() -> None:
    assert rebuild(Outer, as_json(WHOLE)) == WHOLE
    assert rebuild(Outer, as_json(replace(WHOLE, inner=None))) == replace(WHOLE, inner=None)


def test_a_fact_that_was_not_known_yet_keeps_its_default() -> None:
    stored = as_json(WHOLE)
    del stored["note"]
    assert rebuild(Outer, stored) == WHOLE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "no id"),
        ("size", 2),
        ("codes", "abc and no list"),
        ("codes", [1]),
        ("pairs", [["x"]]),
        ("inner", {"share": 0.5, "at": "yesterday"}),
        ("inner", {"share": True, "at": None}),
        ("inner", {"share": 0.5}),
        ("inner", [1]),
        ("gone", 1),
        ("note", 7),
    ],
)
def test_what_no_longer_fits_is_said(name: str, value: object) -> None:
    stored = as_json(WHOLE) | {name: value}
    with pytest.raises(CannotRebuild):
        rebuild(Outer, stored)


@given(facts_of)
def test_the_gates_facts_come_back_and_give_the_same_answer(facts: gate.Facts) -> None:
    action, again = of_question(gate.decide, ["change_email", as_json(facts)])
    assert again == facts
    assert asdict(again) == asdict(facts)
    before, after = (gate.assess(action, asked, limits=LIMITS, at=NOON) for asked in (facts, again))
    assert before == after


def test_another_number_of_facts_is_said() -> None:
    with pytest.raises(CannotRebuild, match="takes 2 facts, 1 are stored"):
        of_question(gate.decide, ["change_email"])


def test_nothing_personal_is_stored() -> None:
    with pytest.raises(ValueError, match="is not a code"):
        as_json(replace(HOME, standing=Risk.LOW, currency="ada@example.com"))
