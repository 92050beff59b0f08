"""The reference scores against sums done by hand."""

import math

import pytest

from tests.bench.evaluation.references import Freeman, Histories, PlainSum, Reference
from tests.bench.evaluation.rows import Row


def row(user: str, address: str, agent: str, *, asn: str = "1", country: str = "NO") -> Row:
    return Row(
        "", 0.0, user, address, country, asn, agent, f"browser {agent}", "system", "mobile",
        success=True, attack=False, takeover=False,
    )  # fmt: skip


@pytest.fixture
def histories() -> Histories:
    """Four sign-ins of two customers: ada a/x, a/x, b/x and bob c/y in another network of the same country."""
    found = Histories({}, {})
    for each in (row("ada", "a", "x"), row("ada", "a", "x"), row("ada", "b", "x"), row("bob", "c", "y", asn="2")):
        found.learn(each)
    return found


def scored(reference: Reference, each: Row) -> float:
    score = reference.score(each)
    assert score is not None
    return score


IP, ASN, COUNTRY = 0.6, 0.3, 0.1
AGENT, BROWSER, SYSTEM, KIND = 0.5386653840551359, 0.2680451498625666, 0.18818295100109536, 0.0051065150812021525


def test_a_known_sign_in(histories):
    # N = 4. Addresses: M = 2 networks + 1 country + 1 = 4. Agents: M = 2 browsers + 1 system + 1 kind + 1 = 5.
    g_ip = IP * (2 / 4) * (1 - 4 / 8) + ASN * 3 / 4 + COUNTRY * 4 / 4
    l_ip = IP * 2 / 3 + ASN + COUNTRY
    g_ua = AGENT * (3 / 4) * (1 - 5 / 9) + BROWSER * 3 / 4 + SYSTEM + KIND
    l_ua = AGENT + BROWSER + SYSTEM + KIND
    expected = (g_ip / l_ip) * (g_ua / l_ua) * (1 / 2) / (3 / 4)
    assert math.exp(scored(Freeman(histories), row("ada", "a", "x"))) == pytest.approx(expected, rel=1e-12)


def test_an_address_nobody_has_shown(histories):
    g_ip = IP / 8 + ASN * 3 / 4 + COUNTRY
    l_ip = ASN + COUNTRY
    g_ua = AGENT * (1 / 4) * (1 - 5 / 9) + BROWSER * 1 / 4 + SYSTEM + KIND
    l_ua = SYSTEM + KIND
    expected = (g_ip / l_ip) * (g_ua / l_ua) * (1 / 2) / (3 / 4)
    assert math.exp(scored(Freeman(histories), row("ada", "new", "y"))) == pytest.approx(expected, rel=1e-12)


def test_the_rule_of_the_edge_multiplies_by_four_and_never_divides(histories):
    strange = row("bob", "new", "y", asn="9", country="SE")
    g_ua = AGENT * (1 / 4) * (1 - 5 / 9) + BROWSER * 1 / 4 + SYSTEM + KIND
    expected = 4 * g_ua * (1 / 2) / (1 / 4)
    assert math.exp(scored(Freeman(histories), strange)) == pytest.approx(expected, rel=1e-12)


def test_a_first_sign_in_has_no_score(histories):
    assert Freeman(histories).score(row("eve", "a", "x")) is None
    assert PlainSum(histories).score(row("eve", "a", "x")) is None


def test_the_plain_sum_with_the_rule_of_the_edge(histories):
    # Shares of everybody are (c + 1) / (N + D + 1).
    shares = [(2 + 1) / (4 + 3 + 1), 4 / 7, 5 / 6, 4 / 7, 4 / 7, 5 / 6, 5 / 6]
    local = [2 / 3, 1, 1, 1, 1, 1, 1]
    expected = sum(math.log(share / own) for share, own in zip(shares, local, strict=True))
    assert PlainSum(histories, edge=True).score(row("ada", "a", "x")) == pytest.approx(expected, rel=1e-12)


def test_the_plain_sum_with_a_prior(histories):
    found = scored(PlainSum(histories), row("ada", "new", "x"))
    known = scored(PlainSum(histories), row("ada", "a", "x"))
    assert found - known == pytest.approx(math.log(4) - math.log((3 / 8) / ((2 + 3 / 8) / 4)), rel=1e-9)
