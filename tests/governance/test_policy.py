"""Who may propose, approve and reject: every condition and its border."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.governance import policy
from ciam_portal.governance.policy import Reason, StaffFacts, VersionFacts, VersionState
from tests.conftest import NOON

LIMITS = limits.load()
MONA, OMAR = StaffFacts(UUID(int=1), is_administrator=True), StaffFacts(UUID(int=2), is_administrator=True)
FOUND = VersionFacts(state=VersionState.FOUND, is_usable=True, has_replay=True, deciding="aa")
PROPOSED = VersionFacts(
    VersionState.PROPOSED, is_usable=True, proposed_by=MONA.id, has_replay=True, against="aa", deciding="aa"
)


@pytest.mark.parametrize(
    ("facts", "change", "staff", "answer"),
    [
        (FOUND, {}, MONA, Allow()),
        (FOUND, {"state": VersionState.REJECTED}, MONA, Allow()),
        (FOUND, {"state": VersionState.SUPERSEDED}, MONA, Allow()),
        (FOUND, {"state": VersionState.DECIDING}, MONA, Deny(Reason.DECIDES_ALREADY)),
        (FOUND, {"state": None}, MONA, Deny(Reason.UNREADABLE)),
        (FOUND, {"is_usable": False}, MONA, Deny(Reason.UNREADABLE)),
        (FOUND, {"has_replay": False}, MONA, Deny(Reason.NO_REPLAY)),
        (FOUND, {}, replace(MONA, is_administrator=False), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        (FOUND, {}, replace(MONA, id=None), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        (PROPOSED, {}, OMAR, Deny(Reason.ALREADY_PROPOSED)),
        (PROPOSED, {"deciding": "bb"}, OMAR, Allow()),  # void, because another version decides since
    ],
)
def test_may_propose(facts: VersionFacts, change: dict[str, Any], staff: StaffFacts, answer: object) -> None:
    assert policy.may_propose(replace(facts, **change), staff, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "staff", "answer"),
    [
        ({}, OMAR, Allow()),
        ({}, MONA, Deny(Reason.SAME_PERSON)),
        ({}, StaffFacts(), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        ({}, replace(OMAR, is_administrator=False), Deny(Reason.NOT_AN_ADMINISTRATOR)),
        ({"state": VersionState.FOUND}, OMAR, Deny(Reason.NOT_PROPOSED)),
        ({"state": VersionState.REJECTED}, OMAR, Deny(Reason.NOT_PROPOSED)),
        ({"state": VersionState.SUPERSEDED}, OMAR, Deny(Reason.NOT_PROPOSED)),
        ({"state": VersionState.DECIDING}, OMAR, Deny(Reason.DECIDES_ALREADY)),
        ({"state": None}, OMAR, Deny(Reason.NOT_PROPOSED)),
        ({"proposed_by": None}, OMAR, Deny(Reason.NOT_PROPOSED)),
        ({"has_replay": False}, OMAR, Deny(Reason.NO_REPLAY)),
        ({"deciding": "bb"}, OMAR, Deny(Reason.BASE_CHANGED)),
        ({"deciding": None, "against": None}, OMAR, Deny(Reason.BASE_CHANGED)),
        ({"is_usable": False}, OMAR, Deny(Reason.UNREADABLE)),
    ],
)
def test_may_approve(change: dict[str, Any], staff: StaffFacts, answer: object) -> None:
    assert policy.may_approve(replace(PROPOSED, **change), staff, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize("state", [*VersionState, None])
def test_may_reject_what_is_open(state: VersionState | None) -> None:
    answer = policy.may_reject(replace(PROPOSED, state=state), MONA, limits=LIMITS, at=NOON)
    assert answer == (Allow() if state in {VersionState.FOUND, VersionState.PROPOSED} else Deny(Reason.CLOSED))


def test_only_an_administrator_may_reject() -> None:
    answer = policy.may_reject(PROPOSED, replace(OMAR, is_administrator=False), limits=LIMITS, at=NOON)
    assert answer == Deny(Reason.NOT_AN_ADMINISTRATOR)


def test_nothing_known_is_never_allowed() -> None:
    for question in (policy.may_propose, policy.may_approve, policy.may_reject):
        assert isinstance(question(VersionFacts(), StaffFacts(), limits=LIMITS, at=NOON), Deny)
        assert isinstance(question(VersionFacts(), OMAR, limits=LIMITS, at=NOON), Deny)
