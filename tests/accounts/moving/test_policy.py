"""Two people, in time, and exactly what was approved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.moving import policy
from accounts.moving.policy import MoveFacts, Reason
from accounts.moving.shapes import State
from accounts.staff.policy import StaffFacts
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.core.policy.limits import load

LIMITS = load()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONA = StaffFacts(UUID(int=1), is_administrator=True)
PROPOSED = MoveFacts(State.PROPOSED, expires_at=NOON + timedelta(seconds=1))
RUN = timedelta(hours=LIMITS.moving.run_hours)
APPROVED = MoveFacts(State.APPROVED, approved_at=NOON - RUN + timedelta(seconds=1), is_same=True)


@pytest.mark.parametrize(("by_command", "answer"), [(True, Allow()), (False, Deny(Reason.NOT_BY_COMMAND))])
def test_may_propose(by_command: bool, answer: Any) -> None:
    assert policy.may_propose(MoveFacts(by_command=by_command), limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "staff", "answer"),
    [
        ({}, MONA, Allow()),
        ({}, StaffFacts(), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        ({}, replace(MONA, is_administrator=False), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        ({"state": None}, MONA, Deny(Reason.NOT_OPEN)),
        *(({"state": each}, MONA, Deny(Reason.NOT_OPEN)) for each in State if each is not State.PROPOSED),
        ({"expires_at": NOON}, MONA, Deny(Reason.PROPOSAL_EXPIRED)),
        ({"expires_at": None}, MONA, Deny(Reason.PROPOSAL_EXPIRED)),
    ],
)
def test_may_approve(change: dict[str, Any], staff: StaffFacts, answer: Any) -> None:
    assert policy.may_approve(replace(PROPOSED, **change), staff, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("state", "staff", "answer"),
    [
        (State.PROPOSED, MONA, Allow()),
        (State.APPROVED, MONA, Allow()),
        (State.DONE, MONA, Deny(Reason.NOT_OPEN)),
        (State.REJECTED, MONA, Deny(Reason.NOT_OPEN)),
        (State.PROPOSED, StaffFacts(), Deny(Reason.NOT_AN_ADMINISTRATOR)),
    ],
)
def test_may_reject(state: State, staff: StaffFacts, answer: Any) -> None:
    assert policy.may_reject(replace(PROPOSED, state=state), staff, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"state": State.PROPOSED}, Deny(Reason.NOT_APPROVED)),
        ({"state": State.REJECTED}, Deny(Reason.NOT_APPROVED)),
        ({"state": State.DONE}, Deny(Reason.NOT_APPROVED)),
        ({"approved_at": None}, Deny(Reason.NOT_APPROVED)),
        ({"is_same": False}, Deny(Reason.OTHER_FILE)),
        ({"approved_at": NOON - RUN}, Deny(Reason.APPROVAL_EXPIRED)),
    ],
)
def test_may_go_on(change: dict[str, Any], answer: Any) -> None:
    assert policy.may_go_on(replace(APPROVED, **change), limits=LIMITS, at=NOON) == answer
