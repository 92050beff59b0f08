import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.evaluation import charts
from tests.bench.evaluation.metrics import Separation
from tests.bench.evaluation.tally import FIRST, GENUINE, OUTSIDE, Tally, cell, quantile

scores = st.lists(st.integers(-5, 5), min_size=1, max_size=30)


@given(attacks=scores, genuine=scores)
def test_auc_is_the_chance_that_an_attack_scores_higher(attacks, genuine):
    won = sum((a > g) + (a == g) / 2 for a in attacks for g in genuine) / len(attacks) / len(genuine)
    assert math.isclose(Separation.of(Counter(attacks), Counter(genuine)).auc, won, abs_tol=1e-9)


@given(attacks=scores, genuine=scores)
def test_recall_and_cost_by_hand(attacks, genuine):
    found = Separation.of(Counter(attacks), Counter(genuine))
    allowed = [
        sum(a >= bound for a in attacks) / len(attacks)
        for bound in range(-6, 7)
        if sum(g >= bound for g in genuine) / len(genuine) <= 0.2
    ]
    assert math.isclose(found.recall(0.2), max(allowed))
    bound = found.place(0.9)
    assert sum(a >= bound for a in attacks) >= 0.9 * len(attacks) - 1e-9
    assert math.isclose(found.cost(0.9), sum(g >= bound for g in genuine) / len(genuine))


def test_nothing_to_compare():
    assert math.isnan(Separation.of({}, {1: 1.0}).auc)
    assert math.isnan(Tally().separation("naive", matched=True).recall(0.01))


def test_matching_weighs_genuine_rows_like_the_attackers():
    tally = Tally()
    often, seldom = cell(1, 3 * 3600, 0.5), cell(20, 3 * 3600, 0.5)
    for _ in range(9):
        tally.add(GENUINE, often, -1.0)
    tally.add(GENUINE, seldom, 1.0)
    tally.add(GENUINE, OUTSIDE, 9.0)
    tally.add("naive", seldom, 0.0)
    tally.add("naive", often, 0.0)
    assert math.isclose(tally.separation("naive", matched=True).auc, 0.5)
    assert math.isclose(tally.separation("naive", matched=False).auc, 9 / 11)


def test_cells():
    assert cell(1, 3600, 0.5) == OUTSIDE
    assert cell(1, 80 * 3600, 0.5) == OUTSIDE
    assert cell(1, 3 * 3600, 0.5) != cell(2, 3 * 3600, 0.5)
    assert cell(1, 3 * 3600, 0.5) != cell(1, 3 * 3600, 0.01)


def test_challenges_per_customer():
    tally = Tally()
    tally.firsts([1.0] * 3 + [-1.0] * (FIRST - 4))
    tally.firsts([-1.0] * (FIRST - 1))
    counts = tally.challenges(0.5)
    assert counts == [1, 0, 0, 1] + [0] * (FIRST - 4)
    assert quantile(counts, 0.5) == 0
    assert quantile(counts, 0.9) == 3


def test_a_chart_is_plain_svg():
    picture = charts.roc("Naive & co", {"<ours>": [(0.0, 0.0), (0.5, 1.0), (1.0, 1.0)]})
    assert picture.startswith("<svg")
    assert "&lt;ours&gt;" in picture
    assert "style=" not in picture
