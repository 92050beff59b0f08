"""A sign-up's points: each worry by itself, what many share together, and never fewer for something worse."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core import gate
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.channel import Channel
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Risk, StepUp
from ciam_portal.core.risk.parameters import LIMITS, Thresholds
from ciam_portal.core.risk.sign_up import CAPPED, SignUp, assess

POINTS = LIMITS.sign_up
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PERSON = SignUp(
    from_address=1, from_network=1, from_asn=1, at_domain=1, spellings=1, on_device=0, filled_seconds=14.0,
    takes_mail=True, blocklisted=False, agent_absurd=False, failures_from_address=0, accounts_from_address=0,
)  # fmt: skip
TODAY = limits.load()
RULES = TODAY.sign_up
BOUNDS = Thresholds(RULES.challenge_score, RULES.hold_score, RULES.refuse_score)


def level(**shown: Any) -> Risk | None:
    return assess(replace(PERSON, **shown), POINTS, BOUNDS, "v").level


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({}, Risk.LOW),
        ({"from_address": 5}, Risk.LOW),
        ({"from_address": 11}, Risk.LOW),
        ({"from_address": 12}, Risk.MODERATE),
        ({"from_address": 5000, "from_network": 5000, "from_asn": 5000, "crowded": True}, Risk.MODERATE),  # a school
        ({"counted": False}, Risk.MODERATE),  # the counters are away: work for everybody, a wall for nobody
        ({"crowded": True}, Risk.MODERATE),
        ({"from_asn": 100_000}, Risk.LOW),
        ({"at_domain": 39}, Risk.LOW),
        ({"at_domain": 40}, Risk.MODERATE),
        ({"spellings": 3}, Risk.LOW),
        ({"spellings": 4}, Risk.MODERATE),
        ({"on_device": 1}, Risk.LOW),
        ({"on_device": 2}, Risk.MODERATE),
        ({"on_device": 3}, Risk.SEVERE),
        ({"disposable": True}, Risk.MODERATE),
        ({"takes_mail": False}, Risk.MODERATE),
        ({"takes_mail": None}, Risk.LOW),
        ({"blocklisted": True}, Risk.MODERATE),
        ({"blocklisted": None}, Risk.LOW),
        ({"agent_absurd": True}, Risk.MODERATE),
        ({"filled_seconds": 2.0}, Risk.LOW),
        ({"filled_seconds": 1.9}, Risk.LOW),
        ({"filled_seconds": None}, Risk.LOW),
        ({"filled_seconds": 0.1, "from_address": 6}, Risk.MODERATE),
        ({"trapped": True}, Risk.MODERATE),
        ({"trapped": True, "filled_seconds": 0.1}, Risk.HIGH),
        ({"disposable": True, "blocklisted": True}, Risk.HIGH),
        ({"disposable": True, "blocklisted": True, "agent_absurd": True}, Risk.SEVERE),
        ({"failures_from_address": 39}, Risk.LOW),
        ({"failures_from_address": 40}, Risk.MODERATE),
        ({"accounts_from_address": 20}, Risk.MODERATE),
    ],
)
def test_what_a_sign_up_shows(shown: dict[str, Any], expected: Risk) -> None:
    assert level(**shown) is expected


counts = st.one_of(st.none(), st.integers(0, 10_000))
maybe = st.sampled_from([None, False, True])
sign_ups = st.builds(
    SignUp, counted=st.booleans(), from_address=counts, from_network=counts, from_asn=counts, at_domain=counts,
    spellings=counts, on_device=counts, crowded=st.booleans(), disposable=st.booleans(), takes_mail=maybe,
    filled_seconds=st.one_of(st.none(), st.floats(0, 100_000)), trapped=st.booleans(), blocklisted=maybe,
    agent_absurd=maybe, failures_from_address=counts, accounts_from_address=counts,
)  # fmt: skip


@given(sign_ups)
def test_parts_add_up_and_every_finding_has_a_part(shown: SignUp) -> None:
    found = assess(shown, POINTS, BOUNDS, "v")
    assert found.score == pytest.approx(sum(part.llr for part in found.parts), abs=1e-9)
    assert {each.code for each in found.findings} == {part.code for part in found.parts} - {CAPPED}


@given(sign_ups, st.sampled_from(["from_address", "from_network", "from_asn", "at_domain", "spellings", "on_device"]),
       st.integers(0, 10_000))  # fmt: skip
def test_more_of_something_never_loosens(shown: SignUp, what: str, more: int) -> None:
    before = assess(shown, POINTS, BOUNDS, "v")
    worse: dict[str, Any] = {what: (getattr(shown, what) or 0) + more}
    after = assess(replace(shown, **worse), POINTS, BOUNDS, "v")
    assert before.level is not None
    assert after.level is not None
    assert after.level >= before.level


STRANGERS_DO = {
    "from_address", "from_network", "from_asn", "at_domain", "spellings", "crowded", "counted",
    "failures_from_address", "accounts_from_address",
}  # fmt: skip


@given(sign_ups)
def test_what_strangers_can_bring_about_never_holds_or_refuses_anybody(shown: SignUp) -> None:
    """Whatever others do at the same address, in the same network or with the same mail domain."""
    theirs = {each.name: getattr(shown, each.name) for each in fields(SignUp) if each.name in STRANGERS_DO}
    found = level(**theirs)
    assert found is not None
    assert found <= Risk.MODERATE


@pytest.mark.parametrize(
    ("shown", "challenged_at", "answer"),
    [
        ({}, None, Allow),
        ({"disposable": True}, None, StepUp),
        ({"disposable": True}, NOON, Allow),
        ({"on_device": 3}, None, Deny),
        ({"on_device": 3}, NOON, Deny),
    ],
)
def test_the_gate_asks_about_what_is_shown(
    shown: dict[str, Any], challenged_at: datetime | None, answer: type[Decision]
) -> None:
    asked = gate.Facts(Channel.WEB, session_live=None, challenged_at=challenged_at, sign_up=replace(PERSON, **shown))
    found = gate.decide("sign_up", asked, limits=TODAY, at=NOON)
    assert type(found) is answer
