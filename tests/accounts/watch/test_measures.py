"""The arithmetic of watching, against numbers worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.watch import measures


@pytest.mark.parametrize(
    ("reference", "current", "expected"),
    [
        ([10, 20, 30], [10, 20, 30], 0.0),
        ([10, 20, 30], [100, 200, 300], 0.0),  # shares, not counts
        ([50, 50], [70, 30], 0.2 * math.log(1.4) - 0.2 * math.log(0.6)),
        ([25, 25, 50], [25, 50, 25], 0.25 * math.log(2) - 0.25 * math.log(0.5)),
        ([100, 0], [50, 50], -0.5 * math.log(0.5) + (0.5 - 0.005) * math.log(0.5 / 0.005)),  # empty: half a sign-in
        ([1, 0, 0], [1, 0, 0], 0.0),  # bins that are empty on both sides say nothing
        ([], [], 0.0),
        ([0, 0], [5, 5], 0.0),  # nothing to compare with
    ],
)
def test_psi(reference: list[int], current: list[int], expected: float) -> None:
    assert measures.psi(reference, current) == pytest.approx(expected, abs=1e-12)


def test_psi_of_other_bins_is_refused() -> None:
    with pytest.raises(ValueError, match="different bins"):
        measures.psi([1], [1, 2])


HISTOGRAM = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=12)


@given(HISTOGRAM)
def test_psi_is_finite_never_negative_and_the_same_both_ways(bins: list[tuple[int, int]]) -> None:
    one, other = [first for first, _ in bins], [second for _, second in bins]
    value = measures.psi(one, other)
    assert math.isfinite(value)
    assert value == pytest.approx(measures.psi(other, one))
    if sum(one) and sum(other) and all(one) and all(other):
        assert value >= -1e-12


def test_an_interval_by_hand() -> None:
    low, high = measures.interval(5, 100)
    assert (round(low, 4), round(high, 4)) == (0.0215, 0.1118)  # Wilson, 95 %
    assert measures.interval(0, 0) == (0.0, 1.0)
    assert measures.interval(0, 50)[0] == 0.0
    assert measures.interval(50, 50)[1] == pytest.approx(1.0)


def test_the_threshold_lets_no_more_than_the_target_be_challenged() -> None:
    scores = [number / 100 for number in range(1000)]  # 0.00 .. 9.99
    found = measures.threshold(scores, 0, 5)
    assert found is not None
    assert found.score == pytest.approx(9.5)
    assert found.challenged == 50
    assert found.low < 9.5 < found.high


def test_those_challenged_anyway_use_up_the_target() -> None:
    scores = [number / 100 for number in range(900)]
    found = measures.threshold(scores, 30, 5)
    assert found is not None
    assert found.challenged <= 0.05 * 930
    assert sum(score >= found.score for score in scores) == 16
    assert measures.threshold(scores, 100, 5) is None


@pytest.mark.parametrize(("number", "target"), [(199, 50), (300, 3), (0, 5)])
def test_too_little_to_go_by_suggests_nothing(number: int, target: float) -> None:
    assert measures.threshold([0.0] * number, 0, target) is None


@given(
    st.lists(st.floats(-20, 20), min_size=200, max_size=400),
    st.integers(0, 40),
    st.floats(5, 50),
)
def test_no_threshold_breaks_its_target(scores: list[float], anyway: int, target: float) -> None:
    found = measures.threshold(scores, anyway, target)
    if found is not None:
        assert found.challenged <= (len(scores) + anyway) * target / 100
        assert found.low <= found.score <= found.high
