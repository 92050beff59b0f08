import json
import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from ciam_portal.core.risk.evidence import Evidence, deltas_of, gather
from ciam_portal.core.risk.model import parts, score
from ciam_portal.core.risk.parameters import DEFAULT, Attackers, Parameters
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Feature, Visit
from tests.ciam_portal.risk.lives import HOME, NOON, Table, crowd, evidences, live, lives, visits

TABLE = crowd()
STEADY = live(*[(HOME, 2.0)] * 12)


def judged(visit: Visit, steady=STEADY, days: float = 2.0) -> float:
    profile, _table, at = steady
    at += timedelta(days=days)
    return score(parts(gather(profile, TABLE.counts(visit), visit, at)))


@given(evidence=evidences)
def test_any_numbers_give_finite_parts_that_add_up(evidence):
    found = parts(evidence)
    assert all(math.isfinite(part.llr) and abs(part.llr) <= DEFAULT.limit for part in found)
    assert abs(score(found) - sum(part.llr for part in found)) < 1e-9


@given(life=lives, visit=visits)
def test_a_score_can_be_had_from_its_evidence_alone(life, visit):
    profile, table, at = live(*life)
    evidence = gather(profile, table.counts(visit), visit, at)
    again = Evidence.from_json(json.loads(json.dumps(evidence.to_json())))
    assert again == evidence
    assert parts(again) == parts(evidence)


def test_without_history_nothing_is_said():
    assert parts(gather(Profile.empty(), TABLE.counts(HOME), HOME, NOON)) == ()


def test_the_usual_speaks_for_the_customer():
    assert judged(HOME) < -5


@pytest.mark.parametrize(
    "change",
    [
        {"address": "new"},
        {"prefix": "new", "address": "new"},
        {"asn": "n2", "prefix": "new", "address": "new"},
        {"country": "SE", "asn": "n2", "prefix": "new", "address": "new"},
        {"agent": "new"},
        {"browser": "Firefox", "agent": "new"},
        {"device": ""},
        {"device": "stranger"},
    ],
)
def test_whatever_is_new_is_more_suspicious(change):
    assert judged(replace(HOME, **change)) > judged(HOME)


def test_a_stranger_is_suspicious():
    stranger = Visit("x9", "y9", "n4", "US", "u4", "Safari", "iOS", "mobile", "")
    assert judged(stranger) > 5


def test_who_always_changes_address_may_change_it_again():
    wanderer = live(*[(replace(HOME, address=f"w{day}", prefix=f"w{day}"), 2.0) for day in range(12)])
    fresh = replace(HOME, address="new", prefix="new")
    assert judged(fresh, wanderer) + 2 < judged(fresh)


def test_who_never_keeps_a_device_key_is_not_asked_for_one():
    private = live(*[(replace(HOME, device=f"d{day}"), 2.0) for day in range(12)])
    fresh = replace(HOME, device="")
    assert judged(fresh, private) + 2 < judged(fresh)


def test_a_long_absence_makes_a_new_address_less_surprising():
    assert judged(replace(HOME, address="new"), days=60) < judged(replace(HOME, address="new"), days=0.1)


def test_a_busy_address_proves_less_than_a_private_one():
    steady = STEADY
    busy = Table()
    busy.rows = dict(TABLE.rows)
    busy.rows["address", "a1"] = 500.0
    profile, _table, at = steady
    lone = score(parts(gather(profile, TABLE.counts(HOME), HOME, at)))
    shared = score(parts(gather(profile, busy.counts(HOME), HOME, at)))
    assert shared > lone


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, False), ({"address": "new"}, False), ({"asn": "n2"}, True), ({"country": "SE"}, True), ({"asn": ""}, False)],
)
def test_a_new_country_or_network_is_noticed(change, expected):
    profile, _table, at = STEADY
    visit = replace(HOME, **change)
    assert gather(profile, TABLE.counts(visit), visit, at).in_new_network is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False), ({"country": "SE"}, False), ({"asn": "n2"}, False), ({"country": "SE", "asn": "n2"}, True),
        ({"country": "", "asn": "n2"}, None), ({"country": "SE", "asn": ""}, None),
    ],
)  # fmt: skip
def test_abroad_is_a_new_country_and_a_new_network_together(change, expected):
    assert STEADY[0].is_abroad(replace(HOME, **change)) is expected
    assert Profile.empty().is_abroad(HOME) is None


def test_whatever_lies_within_a_new_value_is_new():
    profile, _table, at = STEADY
    for change, new in (
        ({"country": "SE"}, {Feature.COUNTRY, Feature.ASN, Feature.PREFIX, Feature.ADDRESS}),
        ({"asn": "n2"}, {Feature.ASN, Feature.PREFIX, Feature.ADDRESS}),
        ({"prefix": "p2"}, {Feature.PREFIX, Feature.ADDRESS}),
        ({"system": "iOS"}, {Feature.SYSTEM, Feature.KIND, Feature.BROWSER, Feature.AGENT}),
        ({"browser": "Firefox"}, {Feature.BROWSER, Feature.AGENT}),
        ({}, set()),
    ):
        visit = replace(HOME, **change)
        evidence = gather(profile, TABLE.counts(visit), visit, at)
        assert {feature for feature in Feature if evidence.is_new(feature)} == new
        taught = deltas_of(visit, TABLE.counts(visit), evidence)
        assert (("newcomers", visit.asn) in taught) is (Feature.ASN in new)
        assert (("newcomers_prefix", visit.prefix) in taught) is (Feature.PREFIX in new)


def test_without_device_keys_the_device_is_not_asked_about():
    steady = live(*[(replace(HOME, device=""), 2.0)] * 5)
    profile, _table, at = steady
    evidence = gather(profile, TABLE.counts(HOME), HOME, at)
    assert evidence.device is None


def test_the_version_is_the_content():
    assert Parameters().version == DEFAULT.version
    assert Parameters(attackers=Attackers(naive=0.3, vpn=0.34)).version != DEFAULT.version
    assert len(DEFAULT.version) == 16


def test_attackers_add_up_to_one():
    kinds = DEFAULT.attackers
    assert math.isclose(kinds.naive + kinds.vpn + kinds.targeted + kinds.hosted + kinds.relayed, 1.0)
