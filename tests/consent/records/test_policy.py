"""What a customer may say of a purpose, what that makes of what they said before, and until when it counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from consent.purposes.policy import Basis
from consent.records import policy
from consent.records.policy import Answering, Reason, Says, Standing, State
from tests.conftest import NOON

LIMITS = limits.load()
YES = Answering(
    is_owner=True, is_open=True, is_known=True, is_current=True, basis=Basis.CONSENT, state=None, says=Says.YES
)
GIVEN = Standing(State.GIVEN, 2, NOON + timedelta(seconds=1), Basis.CONSENT, 2)


@pytest.mark.control("GDPR 7(3)")
@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_owner": False}, Deny(Reason.NOT_YOURS)),
        ({"is_open": False}, Deny(Reason.CLOSED)),
        ({"is_known": False}, Deny(Reason.NOT_ASKED)),
        ({"basis": None}, Deny(Reason.NEEDED)),
        ({"basis": Basis.CONTRACT}, Deny(Reason.NEEDED)),
        ({"basis": Basis.LEGAL_OBLIGATION, "says": Says.NO}, Deny(Reason.NEEDED)),
        ({"basis": Basis.LEGITIMATE_INTEREST}, Allow()),
        ({"is_current": False}, Deny(Reason.NOT_CURRENT)),
        ({"is_current": False, "says": Says.NO}, Allow()),  # a no needs no current text
        ({"is_current": False, "says": Says.NO, "is_owner": False}, Deny(Reason.NOT_YOURS)),
    ],
)
def test_may_answer(change: dict[str, object], answer: object) -> None:
    assert policy.may_answer(replace(YES, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("basis", "before", "says", "after"),
    [
        (Basis.CONSENT, None, Says.YES, State.GIVEN),
        (Basis.CONSENT, None, Says.NO, State.REFUSED),
        (Basis.CONSENT, State.REFUSED, Says.NO, State.REFUSED),
        (Basis.CONSENT, State.GIVEN, Says.NO, State.WITHDRAWN),
        (Basis.CONSENT, State.PAUSED, Says.NO, State.WITHDRAWN),
        (Basis.CONSENT, State.PAUSED, Says.YES, State.GIVEN),
        (Basis.LEGITIMATE_INTEREST, None, Says.NO, State.OBJECTED),
        (Basis.LEGITIMATE_INTEREST, State.OBJECTED, Says.YES, State.GIVEN),
    ],
)
def test_becomes(basis: Basis, before: State | None, says: Says, after: State) -> None:
    assert policy.becomes(basis, before, says) is after


@pytest.mark.parametrize(
    ("change", "stands", "lapse"),
    [
        ({}, True, None),
        ({"expires_at": None}, True, None),
        ({"expires_at": NOON}, False, State.EXPIRED),  # the boundary belongs to "no"
        ({"material": 3}, False, State.SUPERSEDED),
        ({"material": 3, "basis": Basis.CONTRACT}, True, None),  # what needs no yes does not end with a new text
        ({"basis": None}, False, State.SUPERSEDED),
        ({"basis": None, "is_edited": True}, False, None),
        ({"expires_at": NOON, "is_edited": True}, False, None),
        *[({"state": state}, False, None) for state in State if state is not State.GIVEN],
    ],
)
def test_stands(change: dict[str, object], stands: bool, lapse: State | None) -> None:
    facts = replace(GIVEN, **change)  # type: ignore[arg-type]
    assert policy.stands(facts, NOON) is stands
    assert policy.lapse_of(facts, NOON) is lapse


@pytest.mark.parametrize(
    ("change", "answered"),
    [
        ({}, True),
        ({"expires_at": NOON}, False),
        ({"state": State.REFUSED}, True),
        ({"state": State.WITHDRAWN}, True),
        ({"state": State.REFUSED, "material": 3}, False),  # a no to another text is asked again
        ({"state": State.REFUSED, "basis": None}, False),
        ({"state": State.EXPIRED}, False),
        ({"state": State.SUPERSEDED}, False),
    ],
)
def test_is_answered(change: dict[str, object], answered: bool) -> None:
    assert policy.is_answered(replace(GIVEN, **change), NOON) is answered  # type: ignore[arg-type]
