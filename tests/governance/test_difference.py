"""Two policies side by side: every number and word that differs, and which way it leans."""

from dataclasses import fields
from typing import Any

import pytest
from django.conf import settings

from ciam_portal.governance import difference
from ciam_portal.governance.difference import Change, Lean
from ciam_portal.policy.limits import Limits
from tests.governance.conftest import limits_with

NO_DIRECTION = {
    "password.max_length", "factors.backup_codes", "factors.passkeys", "notices.attempts", "notices.retry_seconds",
    "notices.claim_seconds", "risk.history_days",
}  # fmt: skip


def test_nothing_differs_from_itself() -> None:
    assert difference.between(settings.LIMITS, settings.LIMITS) == []


@pytest.mark.parametrize(
    ("numbers", "change"),
    [
        ({"session__idle_minutes": 14}, Change("session", "idle_minutes", "15", "14", Lean.STRICTER)),
        ({"session__idle_minutes": 16}, Change("session", "idle_minutes", "15", "16", Lean.LOOSER)),
        ({"password__min_length": 16}, Change("password", "min_length", "15", "16", Lean.STRICTER)),
        ({"risk__moderate_score": 2.5}, Change("risk", "moderate_score", "2", "2.5", Lean.LOOSER)),
        ({"factors__passkeys": 9}, Change("factors", "passkeys", "10", "9", Lean.OTHER)),
        (
            {"actions__sign_in__needs": "aal2"},
            Change("sign_in", "needs", "second_factor_if_held", "aal2", Lean.STRICTER),
        ),
        ({"actions__sign_in__needs": "aal1"}, Change("sign_in", "needs", "second_factor_if_held", "aal1", Lean.LOOSER)),
        ({"actions__add_factor__needs": "aal2"}, Change("add_factor", "needs", "highest", "aal2", Lean.OTHER)),
        ({"actions__add_factor__fresh_seconds": 599}, Change("add_factor", "fresh_seconds", "600", "599", Lean.STRICTER)),
        ({"actions__sign_in__fresh_seconds": 9}, Change("sign_in", "fresh_seconds", "0", "9", Lean.STRICTER)),
        ({"actions__see_profile__deny_from": "severe"}, Change("see_profile", "deny_from", "never", "severe", Lean.STRICTER)),
        ({"actions__sign_in__challenge_from": "high"}, Change("sign_in", "challenge_from", "moderate", "high", Lean.LOOSER)),
        ({"actions__sign_in__hold_from": "severe"}, Change("sign_in", "hold_from", "never", "severe", Lean.STRICTER)),
        ({"actions__sign_in__channels": ["web"]}, Change("sign_in", "channels", "web, mobile, api", "web", Lean.STRICTER)),
        (
            {"actions__see_profile__channels": ["web", "mobile", "api"]},
            Change("see_profile", "channels", "web, mobile", "web, mobile, api", Lean.LOOSER),
        ),
        ({"actions__see_profile__channels": ["api"]}, Change("see_profile", "channels", "web, mobile", "api", Lean.OTHER)),
        ({"actions__see_profile__sensitivity": "moderate"}, None),
        ({"actions__sign_in__triggers": ["regulatory"]}, Change("sign_in", "triggers", "fraud", "regulatory", Lean.OTHER)),
        (
            {"actions__partner.payment__large": {"EUR": 5}},
            Change(
                "partner.payment", "large", "EUR 10000, GBP 10000, NOK 100000, USD 10000", "EUR 5", Lean.OTHER
            ),
        ),
    ],
)  # fmt: skip
def test_each_change_is_said_once(numbers: dict[str, Any], change: Change | None) -> None:
    if change is None:  # a stricter class of sensitivity needs its ceilings too
        numbers |= {
            "actions__see_profile__challenge_from": "high", "actions__see_profile__hold_from": "severe",
            "actions__see_profile__deny_from": "severe",
        }  # fmt: skip
        found = difference.between(settings.LIMITS, limits_with(**numbers))
        assert Change("see_profile", "sensitivity", "low", "moderate", Lean.STRICTER) in found
        assert {item.lean for item in found} == {Lean.STRICTER}
        return
    assert difference.between(settings.LIMITS, limits_with(**numbers)) == [change]


def test_actions_that_come_and_go() -> None:
    row = {
        "sensitivity": "low", "triggers": ["fraud"], "needs": "aal1", "fresh_seconds": 0, "channels": ["api"],
        "challenge_from": "never", "hold_from": "never", "deny_from": "never",
    }  # fmt: skip
    more = limits_with(**{"actions__partner.new": row})
    assert difference.between(settings.LIMITS, more) == [
        Change("partner.new", "the whole action", "", "there", Lean.OTHER)
    ]
    assert difference.between(more, settings.LIMITS) == [
        Change("partner.new", "the whole action", "there", "", Lean.OTHER)
    ]


def test_every_number_of_the_policy_has_a_direction_or_none_on_purpose() -> None:
    numbers = {
        f"{section.name}.{item.name}"
        for section in fields(Limits)
        if section.name not in {"actions", "version"}
        for item in fields(getattr(settings.LIMITS, section.name))
    }
    named = [difference.MORE_IS_STRICTER, difference.LESS_IS_STRICTER, NO_DIRECTION]
    assert numbers == set().union(*named)
    assert sum(map(len, named)) == len(numbers)
