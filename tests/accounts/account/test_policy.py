"""accounts' questions, as tables with their boundaries."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account import policy as account
from accounts.lock.policy import LockFacts, WayBack
from accounts.sign_in import policy as sign_in
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Decision, Deny, strictness

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits.load()

AJAR = LockFacts(WayBack.MAILBOX, restored=True, has_factor=True)
AT_THE_DOOR = sign_in.SignInFacts(is_active=True, address_proven=True, proven=(Method.PASSWORD,))


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_active": False}, Deny(sign_in.Reason.ACCOUNT_CLOSED)),
        ({"address_proven": False}, Deny(sign_in.Reason.ADDRESS_NOT_PROVEN)),
        ({"proven": ()}, Deny(sign_in.Reason.NOTHING_PROVEN)),
        ({"proven": (Method.TOTP,)}, Deny(sign_in.Reason.NOTHING_PROVEN)),
        ({"proven": (Method.PASSKEY,)}, Allow()),
        ({"proven": (Method.UPSTREAM,)}, Allow()),
        ({"proven": (Method.PASSWORD,), "is_staff": True}, Allow()),
        ({"proven": (Method.UPSTREAM,), "is_staff": True}, Deny(sign_in.Reason.STAFF_UPSTREAM)),
        ({"proven": (Method.UPSTREAM_PHR, Method.TOTP), "is_staff": True}, Deny(sign_in.Reason.STAFF_UPSTREAM)),
        ({"proven": (Method.PASSWORD, Method.TOTP), "lock": AJAR}, Allow()),
        ({"proven": (Method.UPSTREAM_MFA, Method.TOTP), "lock": AJAR}, Deny(sign_in.Reason.LOCKED)),
    ],
)
@pytest.mark.control("v5.0.0-6.3.4")
def test_on_sign_in(change: dict[str, object], answer: Decision) -> None:
    assert sign_in.on_sign_in(replace(AT_THE_DOOR, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


@given(st.sets(st.sampled_from(Method)).map(tuple), st.booleans(), st.booleans())
def test_being_closed_or_unproven_never_loosens_the_door(
    proven: tuple[Method, ...], active: bool, address: bool
) -> None:
    facts = sign_in.SignInFacts(is_active=active, address_proven=address, proven=proven)
    asked = strictness(sign_in.on_sign_in(facts, limits=LIMITS, at=NOON))
    loosened = replace(facts, is_active=True, address_proven=True)
    assert asked >= strictness(sign_in.on_sign_in(loosened, limits=LIMITS, at=NOON))


@pytest.mark.parametrize(
    ("live", "unchanged", "active", "allowed"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_may_use_link(live: bool, unchanged: bool, active: bool, allowed: bool) -> None:
    facts = account.LinkFacts(is_live=live, state_unchanged=unchanged, account_active=active)
    answer = account.may_use_link(facts, limits=LIMITS, at=NOON)
    assert answer == (Allow() if allowed else Deny(account.Reason.LINK_DEAD))
