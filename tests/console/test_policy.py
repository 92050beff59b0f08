"""Who may change what about an app."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ciam_portal.console import policy
from ciam_portal.console.policy import AppFacts, ChangeFacts, Reason, StaffFacts, State
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from tests.conftest import NOON

ANNA, BERT, CARO = UUID(int=1), UUID(int=2), UUID(int=3)
MINE = AppFacts(owner=ANNA, asks=ANNA)
ASKED = ChangeFacts(State.OPEN, asked_by=ANNA, owner=ANNA, decides=BERT, is_administrator=True)


@pytest.mark.parametrize(
    ("change", "manage", "ask", "take_back"),
    [
        ({}, Allow(), Allow(), Deny(Reason.NOT_OPEN)),
        ({"has_open": True}, Allow(), Deny(Reason.OPEN_ALREADY), Allow()),
        ({"is_new": False}, Allow(), Deny(Reason.NOTHING_NEW), Deny(Reason.NOT_OPEN)),
        ({"asks": BERT, "has_open": True}, *[Deny(Reason.NOT_YOURS)] * 3),
        ({"asks": None, "owner": None}, *[Deny(Reason.NOT_YOURS)] * 3),
    ],
)
def test_what_its_owner_may(change: dict[str, Any], manage: Decision, ask: Decision, take_back: Decision) -> None:
    app = replace(MINE, **change)
    questions = (policy.may_manage, policy.may_ask, policy.may_take_back)
    assert [each(app, limits=limits.current(), at=NOON) for each in questions] == [manage, ask, take_back]


@pytest.mark.parametrize(
    ("change", "approve", "reject"),
    [
        ({}, Allow(), Allow()),
        ({"is_administrator": False}, *[Deny(Reason.NOT_AN_ADMINISTRATOR)] * 2),
        ({"decides": None}, *[Deny(Reason.NOT_AN_ADMINISTRATOR)] * 2),
        ({"state": State.APPROVED}, *[Deny(Reason.NOT_OPEN)] * 2),
        ({"state": State.WITHDRAWN}, *[Deny(Reason.NOT_OPEN)] * 2),
        ({"decides": ANNA}, Deny(Reason.SAME_PERSON), Allow()),
        ({"owner": BERT}, Deny(Reason.SAME_PERSON), Allow()),
    ],
)
def test_who_decides_about_a_change(change: dict[str, Any], approve: Decision, reject: Decision) -> None:
    facts = replace(ASKED, **change)
    assert policy.may_approve(facts, limits=limits.current(), at=NOON) == approve
    assert policy.may_reject(facts, limits=limits.current(), at=NOON) == reject


@pytest.mark.parametrize("is_administrator", [True, False])
def test_who_switches(is_administrator: bool) -> None:
    answer = policy.may_switch(StaffFacts(BERT, is_administrator), limits=limits.current(), at=NOON)
    assert isinstance(answer, Allow) is is_administrator
