"""The questions about recovery contacts, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from recovery.contacts import policy
from recovery.contacts.policy import ContactFacts, LinkFacts, Reason

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits.load()
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
NONE = ContactFacts(0, is_known=False, is_own=False)
INVITED = LinkFacts(is_live=True, account_active=True, is_kept=True, is_own=False, usable_from=None)
HELPS = replace(INVITED, usable_from=NOON)
DEAD = Deny(Reason.LINK_DEAD)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"kept": 2}, Allow()),
        ({"kept": 3}, Deny(Reason.ENOUGH)),
        ({"is_known": True}, Deny(Reason.KNOWN)),
        ({"is_own": True}, Deny(Reason.OWN)),
    ],
)
def test_may_invite(change: dict[str, object], answer: Decision) -> None:
    assert policy.may_invite(replace(NONE, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


NOT = [{"is_live": False}, {"account_active": False}, {"is_kept": False}]


@pytest.mark.parametrize(
    ("change", "answer"), [({}, Allow()), *((change, DEAD) for change in NOT), ({"usable_from": NOON + DAY}, DEAD)]
)
def test_may_answer(change: dict[str, object], answer: Decision) -> None:
    assert policy.may_answer(replace(INVITED, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        *((change, DEAD) for change in NOT),
        ({"is_own": True}, DEAD),
        ({"usable_from": None}, DEAD),
        ({"usable_from": NOON + SECOND}, DEAD),
    ],
)
def test_may_see_the_code(change: dict[str, object], answer: Decision) -> None:
    assert policy.may_see_code(replace(HELPS, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "answer"),
    [
        (None, Deny(Reason.TOLD)),
        (NOON - 365 * DAY, Allow()),
        (NOON - 365 * DAY + SECOND, Deny(Reason.TOLD)),
    ],
)
def test_may_remind(since: datetime | None, answer: Decision) -> None:
    assert policy.may_remind(since, limits=LIMITS, at=NOON) == answer
