"""Every question that the code asks of a policy can be asked again: found by reading the code, so none is missed."""

import ast
import dataclasses
import importlib
import subprocess
import sys
import types
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.customer import proofs
from ciam_portal.core import flow, gate, themes
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.facts import as_json, of_question
from ciam_portal.core.policy.decision import Allow, Decision
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import name_of, question
from ciam_portal.governance import recompute
from consent.purposes import flows as purposes

ROOT = Path(__file__).parents[2]
SOURCES = ("accounts", "consent", "recovery", "ciam_portal")
ASKING: tuple[Callable[..., Any], ...] = (decisions.decide, decisions.refusal, flow.require)
HANDS_ON = {"ciam_portal/core/flow.py", "accounts/customer/proofs.py"}
"""They hand on what they were given: found where ``require`` is called, and in what is declared of links."""
HAND_ON: tuple[Callable[..., Any], ...] = (purposes._permitted,)


NAMES = {"decide", "refusal", *(each.__name__ for each in (flow.require, *HAND_ON))}


def sources() -> list[Path]:
    return sorted(
        path for folder in SOURCES for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
    )


def asked_in(path: Path) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each question that this file asks, with where."""
    text = path.read_text()
    if not any(name in text for name in NAMES):
        return
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in NAMES]
    place = path.relative_to(ROOT)
    if not calls or str(place) in HANDS_ON:
        return
    names = vars(importlib.import_module(".".join(place.with_suffix("").parts)))
    for call in calls:
        asks = eval(ast.unparse(call.func), names) in ASKING + HAND_ON  # noqa: S307  (our own source)
        if asks and ast.unparse(call.args[0]) != "question":
            yield f"{place}:{call.lineno}", eval(ast.unparse(call.args[0]), names)  # noqa: S307  (as above)


themes.load("proofs")
OF_LINKS = [(f"link {spec.name}", spec.may) for spec in proofs.KNOWN.values() if isinstance(spec, proofs.Link)]
ASKED = [*(found for path in sources() for found in asked_in(path)), *OF_LINKS]
QUESTIONS = {name_of(each): each for _, each in ASKED} | {"gate.decide": gate.decide}


def test_the_code_was_read() -> None:
    homes = {each.__module__.split(".")[0] for each in QUESTIONS.values()}
    assert homes == {"ciam_portal", "accounts", "consent", "recovery"}
    assert len(QUESTIONS) > 25


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_every_question_is_found_again(name: str) -> None:
    assert recompute.question(name) is QUESTIONS[name]


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match=r"Two questions are called gate\.decide"):
        question("gate.decide")(QUESTIONS["staff.may_look"])


def test_nothing_is_decided_without_a_name(by: Actor, noon: datetime) -> None:
    def nameless(*, limits: Limits, at: datetime) -> Decision:
        return Allow()

    with pytest.raises(KeyError):
        decisions.decide(nameless, about=None, by=by, at=noon)


def test_every_question_is_known_in_a_process_that_asks_none() -> None:
    """``manage.py decision`` imports no view and no flow."""
    words = (
        "import django; django.setup(); from ciam_portal.core.policy.question import KNOWN; print(*KNOWN, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603  (our own words)
    assert set(done.stdout.split()) >= set(QUESTIONS)


def some(kind: Any) -> st.SearchStrategy[Any]:
    """Any fact of this kind that may be kept: texts are codes, numbers finite, instants aware."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(some, parts))
    if origin is tuple:
        each = [some(part) for part in parts if part is not Ellipsis]
        return st.lists(each[0], max_size=3).map(tuple) if Ellipsis in parts else st.tuples(*each)
    if dataclasses.is_dataclass(kind):
        return st.builds(kind, **{name: some(hint) for name, hint in typing.get_type_hints(kind).items()})  # type: ignore[arg-type]
    plain = {datetime: st.datetimes(timezones=st.just(UTC)), float: st.floats(allow_nan=False, allow_infinity=False)}
    kind = getattr(kind, "__supertype__", kind)
    if kind is str:
        return st.just("a_code")
    return plain[kind] if kind in plain else st.from_type(kind)


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_whatever_it_is_asked_about_can_be_read_again(name: str) -> None:
    question = QUESTIONS[name]
    hints = {
        key: kind for key, kind in typing.get_type_hints(question).items() if key not in {"limits", "at", "return"}
    }

    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.tuples(*(some(kind) for kind in hints.values())))
    def read_again(facts: tuple[Any, ...]) -> None:
        assert of_question(question, [as_json(fact) for fact in facts]) == list(facts)

    read_again()
