"""When a browser may be told something, and how long that waits for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from accounts.push import policy
from accounts.push.policy import PushFacts, Reason, is_usual, may_push
from ciam_portal.core.policy.decision import Allow, Deny
from tests.conftest import NOON

RULES = settings.LIMITS
AT_NOON = PushFacts(stands=True, has_key=True, written_at=NOON, local=NOON)
NIGHT = NOON.replace(hour=22)


def before(**span: int) -> datetime:
    return NOON - timedelta(**span)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"stands": False}, Deny(Reason.NO_SESSION)),
        ({"has_key": False}, Deny(Reason.NO_KEY)),
        ({"written_at": None}, Deny(Reason.TOO_LATE)),
        ({"written_at": before(hours=12)}, Deny(Reason.TOO_LATE)),
        ({"written_at": before(hours=12, seconds=-1)}, Allow()),
        ({"written_at": before(minutes=5), "minutes": 5}, Deny(Reason.TOO_LATE)),
        ({"written_at": before(minutes=4), "minutes": 5}, Allow()),
        ({"written_at": before(hours=12), "minutes": 5000}, Deny(Reason.TOO_LATE)),
        ({"local": None}, Deny(Reason.QUIET)),
        ({"local": NIGHT}, Deny(Reason.QUIET)),
        ({"local": NIGHT - timedelta(seconds=1)}, Allow()),
        ({"local": NOON.replace(hour=0)}, Deny(Reason.QUIET)),
        ({"local": NOON.replace(hour=6, minute=59)}, Deny(Reason.QUIET)),
        ({"local": NOON.replace(hour=7)}, Allow()),
        ({"local": NIGHT, "at_night": True}, Allow()),
        ({"local": NIGHT, "asked": True}, Allow()),
    ],
)
def test_may_push(change: dict[str, Any], answer: object) -> None:
    assert may_push(replace(AT_NOON, **change), limits=RULES, at=NOON) == answer


def test_what_is_not_known_counts_against() -> None:
    assert may_push(PushFacts(), limits=RULES, at=NOON) == Deny(Reason.NO_SESSION)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, timedelta(hours=10)),
        ({"at_night": True}, timedelta(hours=12)),
        ({"written_at": before(hours=11)}, timedelta(hours=1)),
        ({"minutes": 5}, timedelta(minutes=5)),
        ({"local": NIGHT - timedelta(minutes=1)}, timedelta(minutes=1)),
        ({"written_at": before(hours=20)}, timedelta(0)),
    ],
)
def test_keep(change: dict[str, Any], kept: timedelta) -> None:
    assert policy.keep(replace(AT_NOON, **change), limits=RULES, at=NOON) == kept


@given(st.integers(0, 24 * 60 - 1), st.integers(0, 13 * 60))
def test_nothing_that_may_go_is_shown_at_night_or_when_it_is_no_news(minute: int, age: int) -> None:
    local = NOON.replace(hour=minute // 60, minute=minute % 60)
    facts = replace(AT_NOON, local=local, written_at=before(minutes=age))
    if may_push(facts, limits=RULES, at=NOON) == Allow():
        shown = local + policy.keep(facts, limits=RULES, at=NOON)
        assert shown <= local.replace(hour=22, minute=0)
        assert timedelta(0) < shown - local <= timedelta(hours=12) - timedelta(minutes=age)


@pytest.mark.parametrize(
    ("url", "usual"),
    [
        ("https://push.example.com/x", True),
        ("https://push.example.com:443/x", True),
        ("https://push.example.com:8443/x", False),
        ("http://push.example.com/x", False),
    ],
)
def test_is_usual(url: str, usual: bool) -> None:
    assert is_usual(url) is usual
