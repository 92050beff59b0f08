"""consent's questions, as tables with every condition, and the laws that hold for all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.oauth.scopes import SCOPES
from consent.permission import policy
from consent.permission.policy import Holder, Reason

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits.load()
KEY = UUID(int=7)

SHARING = policy.Sharing(
    consent=KEY,
    consent_ended=False,
    customer_active=True,
    partner_enabled=True,
    session_cut=False,
    allowed=("openid", "email"),
    needed=("email",),
)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"partner_enabled": False}, Deny(Reason.PARTNER_OFF)),
        ({"customer_active": False}, Deny(Reason.ACCOUNT_CLOSED)),
        ({"consent_ended": True}, Deny(Reason.CONSENT_ENDED)),
        ({"session_cut": True}, Deny(Reason.SESSION_ENDED)),
        ({"needed": ("phone",)}, Deny(Reason.NOT_COVERED)),
        ({"allowed": ()}, Deny(Reason.NOT_COVERED)),
        ({"needed": ()}, Allow()),
    ],
)
@pytest.mark.control("v5.0.0-10.7.1", "GDPR 7(1)")
def test_may_share(change: dict[str, object], answer: Decision) -> None:
    assert policy.may_share(replace(SHARING, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


some = st.sets(st.sampled_from(sorted(SCOPES))).map(tuple)


@given(some, some, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_nothing_is_shared_that_is_not_allowed(
    allowed: tuple[str, ...], needed: tuple[str, ...], ended: bool, active: bool, enabled: bool, cut: bool
) -> None:
    facts = policy.Sharing(KEY, ended, active, enabled, cut, allowed, needed)
    answer = policy.may_share(facts, limits=LIMITS, at=NOON)
    stands = not ended and active and enabled and not cut
    assert isinstance(answer, Allow) == (stands and set(needed) <= set(allowed))


GIVING = policy.Giving(
    customer_active=True,
    partner_enabled=True,
    ceiling=("openid", "email", "phone"),
    shown=("openid", "email"),
    ticked=("openid",),
    required=("openid",),
)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"ticked": ("openid", "email")}, Allow()),
        ({"partner_enabled": False}, Deny(Reason.PARTNER_OFF)),
        ({"customer_active": False}, Deny(Reason.ACCOUNT_CLOSED)),
        ({"ticked": ("openid", "phone")}, Deny(Reason.NOT_OFFERED)),  # never shown
        ({"shown": ("openid", "profile")}, Deny(Reason.NOT_OFFERED)),  # above the partner's ceiling
        ({"ticked": ("email",)}, Deny(Reason.NEEDED)),
    ],
)
@pytest.mark.control("v5.0.0-10.7.3")
def test_may_give(change: dict[str, object], answer: Decision) -> None:
    assert policy.may_give(replace(GIVING, **change), limits=LIMITS, at=NOON) == answer  # type: ignore[arg-type]


CHANGING = policy.Changing(consent=KEY, is_ended=False, holder=Holder.OWNER, removed=("email",), required=("openid",))


@pytest.mark.parametrize(
    ("change", "narrow", "withdraw"),
    [
        ({}, Allow(), Allow()),
        ({"holder": Holder.SYSTEM}, Allow(), Allow()),
        ({"holder": Holder.OTHER}, Deny(Reason.NOT_YOURS), Deny(Reason.NOT_YOURS)),
        ({"is_ended": True}, Deny(Reason.CONSENT_ENDED), Deny(Reason.CONSENT_ENDED)),
        ({"removed": ("openid",)}, Deny(Reason.NEEDED), Allow()),
    ],
)
@pytest.mark.control("GDPR 7(3)")
def test_may_narrow_and_withdraw(change: dict[str, object], narrow: Decision, withdraw: Decision) -> None:
    facts = replace(CHANGING, **change)  # type: ignore[arg-type]
    assert policy.may_narrow(facts, limits=LIMITS, at=NOON) == narrow
    assert policy.may_withdraw(facts, limits=LIMITS, at=NOON) == withdraw


@pytest.mark.parametrize(
    ("allowed", "declined", "ask_again", "unanswered"),
    [
        ((), (), False, ("openid", "email")),
        (("openid",), (), False, ("email",)),
        (("openid",), ("email",), False, ()),
        (("openid",), ("email",), True, ("email",)),
        (("openid", "email"), (), True, ()),
    ],
)
def test_missing(
    allowed: tuple[str, ...], declined: tuple[str, ...], ask_again: bool, unanswered: tuple[str, ...]
) -> None:
    asked = ("openid", "email")
    assert policy.missing(asked, allowed=allowed, declined=declined, ask_again=ask_again) == unanswered


@pytest.mark.parametrize(
    ("unanswered", "public", "again", "by_itself", "page"),
    [
        ((), False, False, False, False),
        (("email",), False, False, False, True),
        ((), True, False, False, True),  # anybody can pretend to be a public partner
        ((), False, True, False, True),
        ((), False, False, True, True),  # an earlier yes was to another payment
    ],
)
def test_needs_page(unanswered: tuple[str, ...], public: bool, again: bool, by_itself: bool, page: bool) -> None:
    assert policy.needs_page(unanswered, is_public=public, ask_again=again, by_itself=by_itself) is page


def shown(level: Level, seconds: int) -> Assurance:
    return Assurance(level, NOON - timedelta(seconds=seconds))


ASKED = StepUp(Level.AAL2, Reason.PROVE_FOR_APP, 900)


@pytest.mark.parametrize(
    ("guarded", "proof", "highest", "answer"),
    [
        ((), shown(Level.AAL1, 9999), Level.AAL2, Allow()),
        (("email",), shown(Level.AAL1, 9999), Level.AAL2, Allow()),  # no row of its own
        (("activity",), shown(Level.AAL2, 899), Level.AAL2, Allow()),
        (("activity",), shown(Level.PHR, 899), Level.PHR, Allow()),
        (("activity",), shown(Level.AAL2, 900), Level.AAL2, ASKED),
        (("activity",), shown(Level.AAL1, 0), Level.AAL2, ASKED),
        (("activity",), shown(Level.AAL1, 0), Level.PHR, ASKED),
        (("activity", "email"), shown(Level.AAL1, 0), Level.AAL2, ASKED),
        (("activity",), Assurance(Level.AAL2, None), Level.AAL2, ASKED),
        (("activity",), shown(Level.AAL1, 899), Level.AAL1, Allow()),  # the most that they can show
        (("activity",), shown(Level.AAL1, 900), Level.AAL1, StepUp(Level.AAL1, Reason.PROVE_FOR_APP, 900)),
    ],
)
@pytest.mark.control("RFC9470-4")
def test_may_let_out(guarded: tuple[str, ...], proof: Assurance, highest: Level, answer: Decision) -> None:
    facts = policy.LettingOut(guarded, proof, highest)
    assert policy.may_let_out(facts, limits=LIMITS, at=NOON) == answer
