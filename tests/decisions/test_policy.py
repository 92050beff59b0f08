"""The two questions, as tables."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.decisions import policy
from ciam_portal.decisions.policy import Reason
from tests.conftest import NOON

LIMITS = limits.load()
ASKING = policy.Asking(action_registered=True, token_live=True, token_theirs=True, subject_matches=True)
PRESENTING = policy.Presenting(
    expires_at=NOON + timedelta(seconds=1), was_presented=False, same_transaction=True, action_registered=True
)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"action_registered": False}, Deny(Reason.UNKNOWN_ACTION)),
        ({"token_live": False}, Deny(Reason.UNKNOWN_TOKEN)),
        ({"token_theirs": False}, Deny(Reason.UNKNOWN_TOKEN)),
        ({"subject_matches": False}, Deny(Reason.OTHER_SUBJECT)),
        # A token of others says nothing about whose it is.
        ({"token_theirs": False, "subject_matches": False}, Deny(Reason.UNKNOWN_TOKEN)),
    ],
)
def test_may_ask(change: dict[str, Any], answer: object) -> None:
    assert policy.may_ask(replace(ASKING, **change), limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"expires_at": None}, Deny(Reason.UNKNOWN_APPROVAL)),
        ({"was_presented": True}, Deny(Reason.ALREADY_PRESENTED)),
        ({"expires_at": NOON}, Deny(Reason.EXPIRED)),  # the boundary belongs to "no"
        ({"same_transaction": False}, Deny(Reason.OTHER_TRANSACTION)),
        ({"action_registered": False}, Deny(Reason.UNKNOWN_ACTION)),
    ],
)
def test_may_redeem(change: dict[str, Any], answer: object) -> None:
    assert policy.may_redeem(replace(PRESENTING, **change), limits=LIMITS, at=NOON) == answer


def test_nothing_known_of_an_approval_is_a_no() -> None:
    assert policy.may_redeem(policy.Presenting(), limits=LIMITS, at=NOON) == Deny(Reason.UNKNOWN_APPROVAL)
