"""Levels, methods, freshness."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy.assurance import Assurance, Level, Method, amr_of, level_of

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
methods = st.sets(st.sampled_from(Method))


@pytest.mark.parametrize(
    ("proven", "level"),
    [
        ((), Level.NONE),
        ((Method.PASSWORD,), Level.AAL1),
        ((Method.EMAIL_CODE,), Level.NONE),  # a mailbox authenticates nobody
        ((Method.PASSWORD, Method.EMAIL_CODE), Level.AAL1),  # a mailbox is no second factor
        ((Method.TOTP,), Level.NONE),  # a code alone opens nothing
        ((Method.BACKUP_CODE,), Level.NONE),
        ((Method.EMAIL_CODE, Method.TOTP), Level.NONE),
        ((Method.PASSWORD, Method.TOTP), Level.AAL2),
        ((Method.PASSWORD, Method.BACKUP_CODE), Level.AAL2),
        ((Method.SECURITY_KEY,), Level.AAL1),
        ((Method.PASSWORD, Method.SECURITY_KEY), Level.PHR),
        ((Method.PASSKEY,), Level.PHR),
        ((Method.UPSTREAM,), Level.AAL1),
        ((Method.UPSTREAM, Method.EMAIL_CODE), Level.AAL1),
        ((Method.UPSTREAM, Method.PASSWORD), Level.AAL1),
        ((Method.UPSTREAM, Method.TOTP), Level.AAL2),
        ((Method.UPSTREAM, Method.SECURITY_KEY), Level.AAL2),
        ((Method.UPSTREAM_MFA,), Level.AAL2),
        ((Method.UPSTREAM_PHR,), Level.PHR),
    ],
)
@pytest.mark.control("63B 3.1.3.1/email")
def test_level_of(proven: tuple[Method, ...], level: Level) -> None:
    assert level_of(proven) == level


@given(methods, methods)
def test_proving_more_never_lowers_the_level(some: set[Method], more: set[Method]) -> None:
    assert level_of(some | more) >= level_of(some)


@given(methods)
def test_amr_says_mfa_exactly_when_two_factors_were_used(used: set[Method]) -> None:
    assert ("mfa" in amr_of(used)) == (level_of(used) >= Level.AAL2)


@given(methods)
def test_a_password_is_in_amr_exactly_when_one_was_used(used: set[Method]) -> None:
    assert ("pwd" in amr_of(used)) == (Method.PASSWORD in used)


@pytest.mark.parametrize(
    ("age", "within", "answer"),
    [
        (0, 600, True),
        (599, 600, True),
        (600, 600, False),  # the boundary belongs to "no"
        (-1, 600, False),  # a proof from the future is none
        (99_999, None, True),
    ],
)
def test_freshness(age: int, within: int | None, answer: bool) -> None:
    given_proof = Assurance(Level.AAL2, NOON - timedelta(seconds=age))
    assert given_proof.meets(Level.AAL2, within, NOON) is answer


def test_missing_facts_count_against() -> None:
    assert not Assurance(Level.AAL2, None).meets(Level.AAL1, 600, NOON)
    assert not Assurance().meets(Level.AAL1, None, NOON)
