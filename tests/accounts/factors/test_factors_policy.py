"""The questions about second factors, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.factors import policy
from accounts.factors.policy import FactorFacts, Reason
from ciam_portal.core.policy import limits as loaded
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.decision import Allow, Deny

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = loaded.load()
HELD = FactorFacts(has_app=True, passkeys=0)
PASSWORD, TOTP, BACKUP, PASSKEY, MAIL = (
    Method.PASSWORD,
    Method.TOTP,
    Method.BACKUP_CODE,
    Method.PASSKEY,
    Method.EMAIL_CODE,
)


def test_may_add_only_one_app() -> None:
    assert policy.may_add_app(HELD, limits=LIMITS, at=NOON) == Deny(Reason.ONE_APP)
    assert policy.may_add_app(replace(HELD, has_app=False), limits=LIMITS, at=NOON) == Allow()


def test_may_add_passkeys_up_to_the_limit() -> None:
    most = LIMITS.factors.passkeys
    assert policy.may_add_passkey(replace(HELD, passkeys=most - 1), limits=LIMITS, at=NOON) == Allow()
    full = replace(HELD, passkeys=most)
    assert policy.may_add_passkey(full, limits=LIMITS, at=NOON) == Deny(Reason.TOO_MANY_PASSKEYS)


def test_may_make_backup_codes_only_beside_another_factor() -> None:
    none = replace(HELD, has_app=False)
    assert policy.may_make_backup_codes(none, limits=LIMITS, at=NOON) == Deny(Reason.NEEDS_A_FACTOR)
    assert policy.may_make_backup_codes(HELD, limits=LIMITS, at=NOON) == Allow()
    assert policy.may_make_backup_codes(replace(none, passkeys=1), limits=LIMITS, at=NOON) == Allow()


@pytest.mark.parametrize(
    ("held", "has_password", "level"),
    [
        (set(), True, Level.AAL1),
        ({BACKUP}, True, Level.AAL1),
        ({TOTP}, True, Level.AAL2),
        ({TOTP, BACKUP}, True, Level.AAL2),
        ({TOTP}, False, Level.AAL1),
        ({PASSKEY}, True, Level.PHR),
        ({PASSKEY}, False, Level.PHR),
        ({PASSKEY, TOTP, BACKUP}, True, Level.PHR),
    ],
)
def test_highest(held: set[Method], has_password: bool, level: Level) -> None:
    assert policy.highest(held, has_password=has_password) is level


OLD = NOON - timedelta(hours=1)


@pytest.mark.control("63B 3.1.3.1/email", "v5.0.0-6.3.6")
@pytest.mark.parametrize(
    ("held", "level", "proven", "to", "ways"),
    [
        # A stale AAL1 without a second factor: the password, never a code by mail.
        (set(), Level.AAL1, (PASSWORD,), Level.AAL1, (PASSWORD,)),
        # Nothing leads to a level the account cannot give.
        (set(), Level.AAL1, (PASSWORD,), Level.AAL2, ()),
        ({TOTP}, Level.AAL1, (PASSWORD,), Level.PHR, ()),
        # Any second factor lifts a password session; a mailbox never does, and is not offered beside a factor.
        ({TOTP, BACKUP}, Level.AAL1, (PASSWORD,), Level.AAL2, (TOTP, BACKUP)),
        ({TOTP}, Level.AAL1, (PASSWORD,), Level.AAL1, (TOTP, PASSWORD)),
        ({PASSKEY, TOTP}, Level.AAL2, (PASSWORD, TOTP), Level.PHR, (PASSKEY,)),
        # A stale AAL2 is renewed by a second factor, never by the password.
        ({TOTP, BACKUP}, Level.AAL2, (PASSWORD, TOTP), Level.AAL2, (TOTP, BACKUP)),
        ({TOTP}, Level.AAL2, (PASSWORD, TOTP), Level.AAL1, (TOTP,)),
        # A stale passkey session is renewed by a passkey.
        ({PASSKEY, TOTP}, Level.PHR, (PASSKEY,), Level.AAL2, (PASSKEY,)),
    ],
)
def test_ways_to_prove(
    held: set[Method], level: Level, proven: tuple[Method, ...], to: Level, ways: tuple[Method, ...]
) -> None:
    shown = policy.Proven(Assurance(level, OLD), proven)
    assert policy.ways_to_prove(frozenset(held), shown, policy.Wanted(to, 600), NOON) == ways


@pytest.mark.parametrize(
    ("held", "ways"), [(set(), (MAIL,)), ({TOTP, BACKUP}, (TOTP, BACKUP)), ({PASSKEY, TOTP}, (PASSKEY, TOTP))]
)
def test_a_challenge_takes_more_than_the_password(held: set[Method], ways: tuple[Method, ...]) -> None:
    shown = policy.Proven(Assurance(Level.AAL1, NOON), (PASSWORD,))
    assert policy.ways_to_prove(frozenset(held), shown, policy.Wanted(Level.AAL1, 600, challenge=True), NOON) == ways
    assert policy.ways_to_finish(frozenset(held), (PASSWORD,), Level.AAL1, challenge=True) == (
        ways if MAIL in ways else tuple(way for way in (PASSKEY, TOTP, BACKUP) if way in held)
    )


@pytest.mark.parametrize(
    ("held", "proven", "to", "ways"),
    [
        ({TOTP, PASSKEY, BACKUP}, (PASSWORD,), Level.AAL2, (PASSKEY, TOTP, BACKUP)),
        ({TOTP, BACKUP}, (PASSWORD,), Level.AAL2, (TOTP, BACKUP)),
        ({TOTP}, (PASSWORD,), Level.PHR, ()),
        ({TOTP}, (MAIL,), Level.AAL2, ()),
        (set(), (PASSWORD,), Level.AAL2, ()),
    ],
)
def test_ways_to_finish(held: set[Method], proven: tuple[Method, ...], to: Level, ways: tuple[Method, ...]) -> None:
    assert policy.ways_to_finish(frozenset(held), proven, to) == ways


@pytest.mark.parametrize(
    ("proven", "gone", "left"),
    [
        ((PASSWORD, TOTP), {TOTP, BACKUP}, ((PASSWORD,), Level.AAL1)),
        ((PASSWORD, TOTP, PASSKEY), {PASSKEY}, ((PASSWORD, TOTP), Level.AAL2)),
        ((PASSKEY,), {PASSKEY, BACKUP}, ((), Level.AAL1)),
        ((PASSWORD, PASSKEY), {TOTP}, ((PASSWORD, PASSKEY), Level.PHR)),
    ],
)
def test_a_session_shows_no_more_than_what_is_left(
    proven: tuple[Method, ...], gone: set[Method], left: tuple[tuple[Method, ...], Level]
) -> None:
    assert policy.left_of(proven, gone) == left


def test_every_reason_has_words() -> None:
    assert all(reason.words.endswith(".") for reason in Reason)
