"""The bench in miniature: the test finds a door that takes longer, finds nothing at one that does not, and says so."""

import random

import pytest

from tests.bench.enumeration import measure
from tests.bench.enumeration.doors import Door
from tests.bench.enumeration.mann_whitney import p_value


@pytest.mark.parametrize(
    ("some", "others", "p"),
    [  # as scipy.stats.mannwhitneyu says, method="asymptotic"
        ((1, 2, 3, 4, 5), (6, 7, 8, 9, 10), 0.01219),
        ((1, 1, 2, 2, 3), (2, 3, 3, 4, 4), 0.05248),
        ((5, 5, 5), (5, 5), 1.0),
        ((19, 22, 16, 29, 24), (20, 11, 17, 12), 0.11135),
    ],
)
def test_the_test(some: tuple[float, ...], others: tuple[float, ...], p: float) -> None:
    assert p_value(some, others) == pytest.approx(p, abs=0.001)
    assert p_value(others, some) == pytest.approx(p_value(some, others))


def test_a_door_that_tells_is_found() -> None:
    dice = random.Random(7)

    def slower(_base: str, email: str, _number: int) -> float:
        return dice.lognormvariate(0, 0.2) + 0.1 * email.startswith("a")

    doors = (Door("even", lambda *_: dice.lognormvariate(0, 0.2)), Door("telling", slower))
    even, telling = measure.all_doors("", 200, doors)
    assert even.p > measure.P > telling.p
    text = measure.report("Words.", [even, telling], 200)
    assert text.count("\n| ") == 4
    assert text.count(" yes |") == text.count(" no |") == 1
