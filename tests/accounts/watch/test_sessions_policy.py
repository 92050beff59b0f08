"""What becomes of a session whose risk rises: a table, and the laws."""

from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.sessions import policy
from accounts.sessions.policy import Reason, RisenFacts
from accounts.watch.policy import crowds
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Finding, Risk, StepUp, strictness
from ciam_portal.core.risk.visit import Feature
from tests.conftest import NOON

LIMITS = limits.load()
MILD, WORRY, ALARM, OVER = (Finding(f"points_{points}", points) for points in (1.0, 2.0, 4.0, 10.0))
ROSE = StepUp(Level.AAL1, Reason.RISK_ROSE, None, (ALARM,), challenge=True)
HIGH = LIMITS.risk.high_score


def answer(*, findings: tuple[Finding, ...] = (), at: datetime = NOON, **facts: object) -> Decision:
    asked = RisenFacts(**({"is_open": True, "standing": Risk.LOW, "findings": findings} | facts))  # type: ignore[arg-type]
    return policy.on_risk_risen(asked, limits=LIMITS, at=at)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, Allow()),
        ({"findings": (MILD,)}, Allow((MILD,))),
        ({"findings": (WORRY,)}, StepUp(Level.AAL1, Reason.RISK_ROSE, None, (WORRY,), challenge=True)),
        ({"findings": (ALARM,)}, ROSE),
        ({"findings": (OVER,)}, Deny(Reason.RISK_SEVERE, (OVER,))),
        ({"findings": (WORRY,), "standing": Risk.MODERATE}, Allow((WORRY,))),
        ({"findings": (ALARM,), "standing": Risk.HIGH}, Allow((ALARM,))),
        # A risk not known counts as moderate, and as high for what is critical: raising it to moderate would loosen.
        ({"findings": (WORRY,), "standing": None}, Allow((WORRY,))),
        ({"findings": (ALARM,), "standing": None}, ROSE),
        ({"findings": (ALARM,), "score": HIGH - 0.01}, ROSE),
        ({"findings": (ALARM,), "score": HIGH}, Deny(Reason.RISK_SEVERE, (ALARM,))),
        ({"findings": (WORRY,), "score": 30.0}, StepUp(Level.AAL1, Reason.RISK_ROSE, None, (WORRY,), challenge=True)),
        ({"findings": (OVER,), "is_open": False}, Allow()),
    ],
)  # fmt: skip
def test_on_risk_risen(facts: dict[str, object], expected: Decision) -> None:
    assert answer(**facts) == expected  # type: ignore[arg-type]


POINTS = st.floats(0, 20)


@given(st.lists(POINTS, max_size=4), POINTS, st.floats(-10, 20), st.sampled_from([None, *Risk]))
def test_a_further_or_larger_finding_never_loosens(
    points: list[float], more: float, score: float, standing: Risk | None
) -> None:
    few = tuple(Finding("x", each) for each in points)
    before = answer(findings=few, score=score, standing=standing)
    after = answer(findings=(*few, Finding("y", more)), score=score, standing=standing)
    assert strictness(after) >= strictness(before)


def test_a_doubt_about_the_sign_in_is_not_one_about_the_session() -> None:
    taken = crowds.moved(network=True, browser=True)
    assert taken is not None
    assert not policy.doubts_sign_in((taken,))
    assert policy.doubts_sign_in((taken, ALARM))
    assert not policy.doubts_sign_in((WORRY,))


@pytest.mark.parametrize(("network", "browser"), list(product((False, True), repeat=2)))
def test_a_session_that_moves(network: bool, browser: bool) -> None:
    found = crowds.moved(network=network, browser=browser)
    points = found.points if found else 0.0
    assert points == {(False, False): 0.0, (True, False): 1.0, (False, True): 5.0, (True, True): 10.0}[network, browser]


@pytest.mark.parametrize(
    ("found", "usual", "worries"),
    [(1, 0.0, False), (2, 0.0, True), (6, 6.0, False), (40, 6.0, True), (3, 2.0, False)],
)
def test_newcomers(found: int, usual: float, worries: bool) -> None:
    burst = crowds.newcomers(Feature.ASN, found, usual)
    assert (burst is not None) == worries
    assert burst is None or burst.code == "burst_asn"


@pytest.mark.parametrize(("customers", "points"), [(1, 0.0), (4, 0.0), (5, 2.0), (9, 2.0), (10, 4.0), (500, 4.0)])
def test_one_device(customers: int, points: float) -> None:
    found = crowds.one_device(customers)
    assert (found.points if found else 0.0) == points
