"""accounts' questions, as tables with their boundaries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.policy import account, sign_in
from ciam_portal.policy import limits
from ciam_portal.policy.assurance import SECOND_FACTORS, Assurance, Level, Method
from ciam_portal.policy.decision import Allow, Decision, Deny, StepUp, strictness

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits.load()
WITHIN = LIMITS.session.step_up_minutes * 60

AT_THE_DOOR = sign_in.SignInFacts(is_active=True, address_proven=True, proven=(Method.PASSWORD,), second_factors=())


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_active": False}, Deny(sign_in.Reason.ACCOUNT_CLOSED)),
        ({"address_proven": False}, Deny(sign_in.Reason.ADDRESS_NOT_PROVEN)),
        ({"proven": ()}, Deny(sign_in.Reason.NOTHING_PROVEN)),
        ({"proven": (Method.TOTP,)}, Deny(sign_in.Reason.NOTHING_PROVEN)),
        ({"second_factors": (Method.TOTP,)}, StepUp(Level.AAL2, sign_in.Reason.SECOND_FACTOR)),
        ({"second_factors": (Method.TOTP,), "proven": (Method.PASSWORD, Method.TOTP)}, Allow()),
        ({"second_factors": (Method.PASSKEY,), "proven": (Method.PASSKEY,)}, Allow()),
        (
            {"second_factors": (Method.TOTP,), "proven": (Method.PASSWORD, Method.EMAIL_CODE)},
            StepUp(Level.AAL2, sign_in.Reason.SECOND_FACTOR),
        ),
    ],
)
@pytest.mark.control("v5.0.0-6.3.3", "v5.0.0-6.3.4")
def test_on_sign_in(change: dict[str, object], answer: Decision) -> None:
    assert sign_in.on_sign_in(replace(AT_THE_DOOR, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


some_methods = st.sets(st.sampled_from(Method)).map(tuple)


@given(some_methods, st.sets(st.sampled_from(sorted(SECOND_FACTORS))).map(tuple), st.booleans(), st.booleans())
def test_owning_a_factor_or_being_closed_never_loosens_the_door(
    proven: tuple[Method, ...], owned: tuple[Method, ...], active: bool, address: bool
) -> None:
    facts = sign_in.SignInFacts(is_active=active, address_proven=address, proven=proven, second_factors=owned)
    asked = strictness(sign_in.on_sign_in(facts, limits=LIMITS, at=NOON))
    for loosened in (replace(facts, second_factors=()), replace(facts, is_active=True, address_proven=True)):
        assert asked >= strictness(sign_in.on_sign_in(loosened, limits=LIMITS, at=NOON))


@pytest.mark.parametrize(
    ("active", "assurance", "highest", "answer"),
    [
        (True, Assurance(Level.AAL1, NOON), Level.AAL1, Allow()),
        (True, Assurance(Level.AAL1, NOON - timedelta(seconds=WITHIN - 1)), Level.AAL1, Allow()),
        (
            True,
            Assurance(Level.AAL1, NOON - timedelta(seconds=WITHIN)),
            Level.AAL1,
            StepUp(Level.AAL1, account.Reason.PROVE_AGAIN, WITHIN),
        ),
        (
            True,
            Assurance(Level.AAL1, NOON),
            Level.AAL2,
            StepUp(Level.AAL2, account.Reason.PROVE_AGAIN, WITHIN),
        ),
        (True, Assurance(), Level.AAL1, StepUp(Level.AAL1, account.Reason.PROVE_AGAIN, WITHIN)),
        (True, Assurance(Level.PHR, NOON), Level.PHR, Allow()),
        (False, Assurance(Level.PHR, NOON), Level.PHR, Deny(account.Reason.ACCOUNT_CLOSED)),
    ],
)
@pytest.mark.control("v5.0.0-7.5.1", "63B 4.1.2.1/b")
def test_may_change_credentials(active: bool, assurance: Assurance, highest: Level, answer: Decision) -> None:
    facts = account.CredentialFacts(is_active=active, assurance=assurance, highest=highest)
    assert account.may_change_credentials(facts, limits=LIMITS, at=NOON) == answer


@given(st.sampled_from(Level), st.sampled_from(Level), st.integers(0, 3 * WITHIN), st.integers(1, 3 * WITHIN))
def test_a_weaker_or_staler_session_never_gets_a_looser_answer(
    level: Level, highest: Level, age: int, older: int
) -> None:
    def ask(held: Level, seconds: int) -> tuple[int, int]:
        assurance = Assurance(held, NOON - timedelta(seconds=seconds))
        facts = account.CredentialFacts(is_active=True, assurance=assurance, highest=highest)
        return strictness(account.may_change_credentials(facts, limits=LIMITS, at=NOON))

    assert ask(level, age + older) >= ask(level, age)
    assert ask(Level(max(level - 1, 0)), age) >= ask(level, age)


@pytest.mark.parametrize(
    ("live", "unchanged", "active", "allowed"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_may_use_link(live: bool, unchanged: bool, active: bool, allowed: bool) -> None:
    facts = account.LinkFacts(is_live=live, state_unchanged=unchanged, account_active=active)
    answer = account.may_use_link(facts, limits=LIMITS, at=NOON)
    assert answer == (Allow() if allowed else Deny(account.Reason.LINK_DEAD))
