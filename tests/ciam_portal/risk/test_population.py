from ciam_portal.core.risk.evidence import deltas_of, gather
from ciam_portal.core.risk.population import TOTAL, keys_of, rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Feature, Visit
from tests.ciam_portal.risk.lives import HOME, NOON, Table, live


def test_one_visit_reads_a_fixed_small_number_of_rows():
    assert len(keys_of(HOME)) == 39
    assert ("asn", "n1") in keys_of(HOME)
    assert not [key for key in keys_of(Visit(country="NO")) if not key[1]]


def test_what_is_learned_is_found_again():
    _profile, table, _at = live((HOME, 0), (HOME, 1))
    seen = table.counts(HOME)
    assert seen.total == 2
    assert seen.of(Feature.ADDRESS).weight == 2
    assert seen.of(Feature.ADDRESS).distinct == 1
    assert seen.of(Feature.ADDRESS).exposure > 0
    assert seen.of(Feature.ADDRESS).changes == 0


def test_a_table_without_rows_counts_nothing():
    seen = rarity(HOME, {})
    assert seen.total == 0
    assert seen.of(Feature.AGENT).weight == 0


def test_a_first_sign_in_adds_values_and_no_habits():
    table = Table()
    seen = table.counts(HOME)
    deltas = deltas_of(HOME, seen, gather(Profile.empty(), seen, HOME, NOON))
    assert deltas[TOTAL] == 1
    assert deltas["address", "a1"] == 1
    assert deltas["distinct", "asn"] == 1
    assert not [key for key in deltas if key[0] in {"exposure", "changes"}]
