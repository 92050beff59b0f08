"""Who may be named, and when what was named begins: tables."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from recovery.case.policy.cases import Helper
from recovery.case.policy.cases import Reason as Desk
from recovery.succession import policy
from recovery.succession.policy import Reason
from recovery.succession.shapes import Kind, Seen, Stands, State
from tests.conftest import NOON

RULES = limits.load()
ASK: dict[str, Any] = {"limits": RULES, "at": NOON}
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
AGENT, APPROVER = uuid4(), uuid4()
ALAN = Helper(AGENT, is_agent=True, is_customer=False, acts_here=True, has_opened=True)
ANNA = Helper(APPROVER, is_approver=True, is_customer=False, acts_here=True)
ACCEPTED = policy.Answering(
    stands=Stands.ACCEPTED, is_theirs=True, person_open=True, has_second_step=True, usable_from=NOON, runs=False
)
INVITED = replace(ACCEPTED, stands=Stands.INVITED, expires_at=NOON + SECOND)
OPEN = policy.Case(
    state=State.OPEN, opened_at=NOON - DAY, told_at=NOON - DAY, there_at=NOON - 2 * DAY, successor_stands=True
)
SEEN = replace(OPEN, seen=(Seen.DEATH_CERTIFICATE,), noted_by=(AGENT,))
PROPOSED = replace(SEEN, state=State.PROPOSED, proposed_by=AGENT, proposed_at=NOON - timedelta(hours=71))
WAITS = replace(PROPOSED, state=State.WAITS, approved_at=NOON - 30 * DAY, ready_at=NOON, opened_at=NOON - 31 * DAY,
                there_at=NOON - 32 * DAY)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_own": True}, Deny(Reason.OWN)),
        ({"is_there": True}, Deny(Reason.ONE)),
        ({"things": 0}, Deny(Reason.NOTHING)),
    ],
)
def test_whom_a_customer_names(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_name(replace(policy.Naming(is_own=False, is_there=False, things=1), **change), **ASK) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_theirs": False}, Deny(Reason.NOT_FOR_YOU)),
        ({"expires_at": NOON}, Deny(Reason.NOT_OPEN)),
        ({"stands": Stands.GONE}, Deny(Reason.NOT_OPEN)),
        ({"person_open": False}, Deny(Reason.SHUT)),
        ({"has_second_step": False}, Deny(Reason.NO_SECOND_STEP)),
    ],
)
def test_who_agrees(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_accept(replace(INVITED, **change), **ASK) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_theirs": False}, Deny(Reason.NOT_NAMED)),
        ({"stands": Stands.INVITED}, Deny(Reason.NOT_NAMED)),
        ({"person_open": False}, Deny(Reason.SHUT)),
        ({"has_second_step": False}, Deny(Reason.NO_SECOND_STEP)),
        ({"runs": True}, Deny(Reason.RUNNING)),
        ({"usable_from": NOON + SECOND}, Deny(Reason.TOO_NEW)),
        ({"usable_from": None}, Deny(Reason.TOO_NEW)),
    ],
)
def test_who_says_that_it_is_needed(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_open(replace(ACCEPTED, **change), **ASK) == answer


@pytest.mark.parametrize(
    ("case", "helper", "answer"),
    [
        (SEEN, ALAN, Allow()),
        (OPEN, ALAN, Deny(Reason.NOT_SEEN)),
        (replace(OPEN, seen=(Seen.DOCTOR,)), ALAN, Deny(Reason.NOT_SEEN)),
        (replace(SEEN, kind=Kind.INCAPACITY), ALAN, Deny(Reason.NOT_SEEN)),  # another document
        (replace(SEEN, kind=Kind.INCAPACITY, seen=(Seen.COURT_ORDER,)), ALAN, Allow()),
        (replace(SEEN, there_at=NOON - DAY), ALAN, Deny(Reason.THERE)),
        (PROPOSED, ALAN, Deny(Reason.NOT_RUNNING)),
        (SEEN, replace(ALAN, has_opened=False), Deny(Desk.RECORD_SHUT)),
        (SEEN, replace(ALAN, is_customer=True), Deny(Desk.OWN_ACCOUNT)),
        (SEEN, ANNA, Deny(Desk.NOT_YOUR_ROLE)),
    ],
)
def test_when_the_first_of_two_proposes(case: policy.Case, helper: Helper, answer: Decision) -> None:
    assert policy.may_propose(case, helper, **ASK) == answer


@pytest.mark.parametrize(
    ("case", "helper", "answer"),
    [
        (PROPOSED, ANNA, Allow()),
        (PROPOSED, ALAN, Deny(Desk.NOT_YOUR_ROLE)),
        (replace(PROPOSED, proposed_by=APPROVER), ANNA, Deny(Reason.SAME_PERSON)),
        (replace(PROPOSED, noted_by=(AGENT, APPROVER)), ANNA, Deny(Reason.SAME_PERSON)),
        (replace(PROPOSED, proposed_at=NOON - timedelta(hours=72)), ANNA, Deny(Reason.EXPIRED)),
        (replace(PROPOSED, there_at=NOON), ANNA, Deny(Reason.THERE)),
        (SEEN, ANNA, Deny(Reason.NOT_RUNNING)),
    ],
)
def test_when_the_second_approves(case: policy.Case, helper: Helper, answer: Decision) -> None:
    assert policy.may_approve(case, helper, **ASK) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"ready_at": NOON + SECOND}, Hold(Reason.STILL_WAITS, NOON + SECOND)),
        # What a former policy said is no shorter than what holds now.
        ({"approved_at": NOON - 29 * DAY}, Hold(Reason.STILL_WAITS, NOON + DAY)),
        ({"there_at": NOON - 31 * DAY}, Deny(Reason.THERE)),
        ({"successor_stands": False}, Deny(Reason.NOT_NAMED)),
        ({"state": State.STOPPED}, Deny(Reason.NOT_RUNNING)),
        ({"approved_at": None}, Deny(Reason.NOT_RUNNING)),
        ({"opened_at": None}, Deny(Reason.NOT_RUNNING)),
    ],
)
def test_when_it_begins(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_begin(replace(WAITS, **change), **ASK) == answer


def test_who_stops_it_and_how_often_the_customer_is_told() -> None:
    for state in State:
        runs = state not in {State.REJECTED, State.STOPPED}
        assert policy.may_stop(replace(OPEN, state=state), **ASK) == (Allow() if runs else Deny(Reason.LINK_DEAD))
    lately = NOON - RULES.succession.tell_days * DAY
    assert policy.may_tell(replace(OPEN, told_at=lately), **ASK) == Allow()
    assert policy.may_tell(replace(OPEN, told_at=lately + SECOND), **ASK) == Deny(Reason.TOLD)
    assert policy.may_reject(WAITS, ANNA, **ASK) == Allow()
    assert policy.may_reject(WAITS, Helper(None), **ASK) == Deny(Reason.NOT_STAFF)  # type: ignore[arg-type]


@given(
    st.builds(
        policy.Case, state=st.sampled_from(State), opened_at=st.just(NOON - 40 * DAY), successor_stands=st.booleans(),
        approved_at=st.none() | st.integers(0, 60).map(lambda days: NOON - days * DAY),
        ready_at=st.none() | st.integers(-60, 60).map(lambda days: NOON + days * DAY),
        there_at=st.none() | st.integers(0, 60).map(lambda days: NOON - days * DAY),
    )
)  # fmt: skip
def test_nothing_begins_within_a_month_or_once_the_customer_was_here(case: policy.Case) -> None:
    if isinstance(policy.may_begin(case, **ASK), Allow):
        assert case.state is State.WAITS
        assert case.approved_at is not None
        assert case.approved_at <= NOON - 30 * DAY
        assert case.there_at is None or case.opened_at is None or case.there_at < case.opened_at
