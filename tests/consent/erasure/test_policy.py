"""What may be asked, kept and begun: each thing that stands in the way, with its boundary."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from consent.erasure import policy
from consent.erasure.policy import AskFacts, DueFacts, KeepFacts, Reason
from tests.conftest import NOON

LIMITS = limits.load()
OPEN = AskFacts(is_staff=False, is_recovering=False, is_asked=False)
DUE = DueFacts(waits=True, due_at=NOON, is_recovering=False)
LATER, EARLIER = NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_staff": True}, Deny(Reason.STAFF_ACCOUNT)),
        ({"is_recovering": True}, Deny(Reason.RECOVERING)),
        ({"is_asked": True}, Deny(Reason.ASKED_ALREADY)),
        ({"is_last_guardian": True}, Deny(Reason.LAST_GUARDIAN)),
    ],
)
def test_may_ask(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_ask(replace(OPEN, **change), limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (KeepFacts(waits=True), Allow()),
        (KeepFacts(waits=True, link_is_live=False), Deny(Reason.KEEP_LINK_DEAD)),
        (KeepFacts(waits=False), Deny(Reason.KEEP_LINK_DEAD)),
    ],
)
def test_may_keep(facts: KeepFacts, answer: Decision) -> None:
    assert policy.may_keep(facts, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"due_at": LATER}, Hold(Reason.COOLING_OFF, LATER)),
        ({"waits": False}, Deny(Reason.NOT_WAITING)),
        ({"due_at": None}, Deny(Reason.NOT_WAITING)),
        ({"held_until": LATER}, Hold(Reason.HELD, LATER)),
        ({"held_until": NOON}, Allow()),
        ({"suspended_until": LATER}, Hold(Reason.SUSPENDED, LATER)),
        ({"suspended_until": EARLIER}, Allow()),
        ({"quarantine_until": LATER}, Hold(Reason.QUARANTINE, LATER)),
        ({"quarantine_until": NOON}, Allow()),
        ({"is_recovering": True}, Hold(Reason.RECOVERING, None)),
    ],
)
def test_may_begin(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_begin(replace(DUE, **change), limits=LIMITS, at=NOON) == answer


def test_missing_facts_are_a_no() -> None:
    for answer in (
        policy.may_ask(AskFacts(), limits=LIMITS, at=NOON),
        policy.may_keep(KeepFacts(), limits=LIMITS, at=NOON),
        policy.may_begin(DueFacts(), limits=LIMITS, at=NOON),
    ):
        assert isinstance(answer, Deny)


_ENDS = st.none() | st.integers(-20, 20).map(lambda days: NOON + timedelta(days=days))


@given(_ENDS, _ENDS, _ENDS, st.booleans(), st.integers(0, 30))
def test_nothing_is_erased_before_it_could_be_kept_for_days(
    held: Any, suspended: Any, quarantine: Any, recovering: bool, days: int
) -> None:
    at = NOON + timedelta(days=days)
    facts = DueFacts(
        waits=True, due_at=policy.due_at(NOON, LIMITS), is_recovering=recovering,
        held_until=held, suspended_until=suspended, quarantine_until=quarantine,
    )  # fmt: skip
    if isinstance(policy.may_begin(facts, limits=LIMITS, at=at), Allow):
        assert days >= LIMITS.erasure.cooling_off_days
        assert not recovering
        assert all(until is None or at >= until for until in (held, suspended, quarantine))
