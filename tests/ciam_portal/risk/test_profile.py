import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given

from ciam_portal.core.risk.parameters import DEFAULT
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Feature
from tests.ciam_portal.risk.lives import HOME, NOON, live, lives


@given(life=lives)
def test_a_profile_survives_being_stored(life):
    profile, _table, _at = live(*life)
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


@given(life=lives)
def test_a_profile_stays_small(life):
    profile, _table, _at = live(*life)
    assert all(len(kept) <= DEFAULT.kept for kept in profile.values.values())


def test_it_stays_small_for_ever():
    steps = [(replace(HOME, address=f"a{day}", agent=f"u{day}", device=f"k{day}"), 0.5) for day in range(300)]
    profile, _table, _at = live(*steps)
    assert {len(kept) for kept in profile.values.values()} == {1, DEFAULT.kept}
    assert len(json.dumps(profile.to_json())) < 4000
    assert profile.seen(Feature.ADDRESS, "a299") is not None


def test_weights_halve_each_half_life():
    profile = Profile.empty().learn(HOME, NOON).learn(HOME, NOON + timedelta(days=DEFAULT.half_life))
    assert profile.weight == 1.5
    assert profile.values[Feature.ASN]["n1"].weight == 1.5


def test_what_is_older_than_half_a_year_is_forgotten():
    old = replace(HOME, address="old", prefix="old", asn="old")
    profile = Profile.empty().learn(old, NOON).learn(HOME, NOON + timedelta(days=184))
    assert profile.seen(Feature.ADDRESS, "old") is None
    assert profile.seen(Feature.ADDRESS, "a1") is not None


def test_a_clock_that_runs_backwards_does_no_harm():
    profile = Profile.empty().learn(HOME, NOON).learn(HOME, NOON - timedelta(days=9))
    assert profile.weight == 2.0
    assert profile.last == int(NOON.timestamp())


def test_learning_changes_nothing_in_place():
    before = Profile.empty().learn(HOME, NOON)
    kept = before.to_json()
    before.learn(replace(HOME, address="other"), NOON + timedelta(days=1))
    assert before.to_json() == kept


def test_an_empty_profile_is_an_empty_dictionary():
    assert Profile.empty().to_json() == {}
    assert Profile.from_json({}).is_empty
