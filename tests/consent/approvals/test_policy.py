"""Who may ask, who may answer, when an agent is paused, and which words a program may use: tables and their edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core import typed
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from consent.approvals import policy
from consent.approvals.policy import Answering, Asking, Reason
from consent.approvals.shapes import State

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
LIMITS = limits.load()
FREE = Asking(waits=False, waiting=0, last_hour=0)
OPEN = Answering(State.WAITING, NOON + timedelta(seconds=1), is_owner=True, is_same=True)


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, Allow()),
        ({"waits": True}, Deny(Reason.WAITS)),
        ({"waiting": LIMITS.asking.waiting - 1}, Allow()),
        ({"waiting": LIMITS.asking.waiting}, Deny(Reason.TOO_MANY_WAIT)),
        ({"last_hour": LIMITS.asking.per_hour - 1}, Allow()),
        ({"last_hour": LIMITS.asking.per_hour}, Deny(Reason.TOO_OFTEN)),
    ],
)
def test_may_ask(changed: dict[str, Any], answer: object) -> None:
    assert policy.may_ask(replace(FREE, **changed), limits=LIMITS, at=NOON) == answer
    assert policy.may_ask(Asking(), limits=LIMITS, at=NOON) == Deny(Reason.WAITS)


@pytest.mark.parametrize(
    ("changed", "refuse", "approve"),
    [
        ({}, Allow(), Allow()),
        ({"is_owner": False}, Deny(Reason.NOT_YOURS), Deny(Reason.NOT_YOURS)),
        ({"expires_at": NOON}, Deny(Reason.OVER), Deny(Reason.OVER)),  # the boundary belongs to "no"
        ({"expires_at": None}, Deny(Reason.OVER), Deny(Reason.OVER)),
        *[({"state": each}, Deny(Reason.OVER), Deny(Reason.OVER)) for each in State if each is not State.WAITING],
        ({"is_same": False}, Allow(), Deny(Reason.CHANGED)),
    ],
)
def test_may_answer(changed: dict[str, object], refuse: object, approve: object) -> None:
    facts = replace(OPEN, **changed)  # type: ignore[arg-type]
    assert policy.may_refuse(facts, limits=LIMITS, at=NOON) == refuse
    assert policy.may_approve(facts, limits=LIMITS, at=NOON) == approve
    assert policy.may_approve(Answering(), limits=LIMITS, at=NOON) == Deny(Reason.NOT_YOURS)


R, A, U, E, W = State.REFUSED, State.APPROVED, State.USED, State.EXPIRED, State.WITHDRAWN


@pytest.mark.parametrize(
    ("answers", "paused"),
    [
        ([], False),
        ([R, R], False),
        ([R, R, R], True),
        ([R, E, R, W, R], True),  # no answer is none
        ([R, R, U, R], False),
        ([A, R, R, R], False),
        ([R, R, R, R], False),  # let go on after the third: three more
        ([R] * 6, True),
        ([E, W], False),
    ],
)
def test_refused_three_times_in_a_row(answers: list[State], paused: bool) -> None:
    assert policy.is_worn_down(answers, LIMITS) is paused


@given(st.lists(st.sampled_from([R, E, W])))
def test_nobody_refuses_more_than_so_often_without_a_pause(answers: list[State]) -> None:
    """Whatever else becomes of it, each third no of a run pauses."""
    refused = answers.count(R)
    assert policy.is_worn_down(answers, LIMITS) is (refused > 0 and refused % LIMITS.asking.refusals == 0)


@pytest.mark.parametrize(
    "text",
    [
        "Order 1001",
        "Ada’s Teapots",
        "Grüße an Øyvind, 3 × Tee",
        "Заказ ABC-17 с доставкой",
        "注文 1001 お茶",
        "τσάι 1",
        "سلام",
    ],
)
def test_what_a_program_may_say(text: str) -> None:
    assert typed.is_plain(text)


@pytest.mark.parametrize(
    "text",
    [
        "a\nb", "a\tb", "a\x00b", "a\x7fb", "pay \u202e1001", "pay \u20661001\u2069", "pay\u200b1", "pay\u200d1",
        "a\ufeff",
        "a\u00adb", " a", "a ", "a  b", "\u00a0a", "e\u0301", "ﬁne", "𝗣𝗮𝘆", "Ｐay", "pаy", "Αmazon", "order from сор",
        "https://evil.example", "see WWW.evil.example", "\ud800",
    ],
)  # fmt: skip
def test_what_it_may_not(text: str) -> None:
    assert not typed.is_plain(text)


@given(st.text(max_size=40))
def test_it_never_fails_and_lets_through_no_mark(text: str) -> None:
    if typed.is_plain(text):
        assert text.isprintable()
        assert not set(text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f\u061c")
