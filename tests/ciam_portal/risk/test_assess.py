import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciam_portal.core.policy.decision import Finding, Risk
from ciam_portal.core.risk.assess import assess, level
from ciam_portal.core.risk.evidence import gather
from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, THRESHOLDS
from ciam_portal.core.risk.rules import RULES, findings, surprise
from ciam_portal.core.risk.signals import Signals
from tests.bench.evaluation.judge import rank
from tests.ciam_portal.risk.lives import HOME, crowd, live, signals

LESS_IS_WORSE = {
    "account_age_seconds", "country_changed_seconds", "recovered_seconds", "contact_changed_seconds",
    "device_age_seconds", "device_known", "accounts_from_asn_usual",
}  # fmt: skip
BEST = {True: False, False: True}


def order(risk: Risk | None) -> float:
    """Unknown is not low: it counts as moderate."""
    return Risk.MODERATE if risk is None else risk


@given(
    before=signals,
    after=signals,
    name=st.sampled_from([field.name for field in fields(Signals)]),
    score=st.floats(-9, 9) | st.none(),
)
def test_a_worse_signal_never_loosens(before, after, name, score):
    one, other = getattr(before, name), getattr(after, name)
    if one is None or other is None:
        return
    good, bad = (max(one, other), min(one, other)) if name in LESS_IS_WORSE else (min(one, other), max(one, other))
    calm, worried = findings(replace(before, **{name: good}), LIMITS), findings(replace(before, **{name: bad}), LIMITS)
    points = {finding.code: finding.points for finding in worried}
    assert all(points.get(finding.code, 0) >= finding.points for finding in calm)
    assert order(level(score, worried, THRESHOLDS, LIMITS)) >= order(level(score, calm, THRESHOLDS, LIMITS))


@given(signals=signals)
def test_a_signal_that_appears_never_removes_a_finding(signals):
    for field in fields(Signals):
        if field.name in LESS_IS_WORSE:
            continue
        absent = {finding.code for finding in findings(replace(signals, **{field.name: None}), LIMITS)}
        assert absent <= {finding.code for finding in findings(signals, LIMITS)} | {"none"}


def test_what_is_absent_is_not_invented():
    assert findings(Signals(), LIMITS) == ()


HOUR = 3600.0


@pytest.mark.parametrize(
    ("signals", "code", "points"),
    [
        (Signals(failures_on_account=3), "failures_on_account", 1),
        (Signals(failures_on_account=15), "failures_on_account", 4),
        (Signals(failures_from_address=40), "failures_from_address", 4),
        (Signals(accounts_from_address=20), "accounts_from_address", 4),
        (Signals(sources_on_account=5), "sources_on_account", 4),
        (Signals(country_changed_seconds=600), "impossible_travel", 4),
        (Signals(seconds_since_last_use=400 * 86400), "dormant_account", 2),
        (Signals(account_age_seconds=60), "new_account", 1),
        (Signals(recovered_seconds=HOUR), "recent_recovery", 2),
        (Signals(contact_changed_seconds=HOUR), "recent_contact_change", 1.5),
        (Signals(password_breached=True), "breached_password", 2),
        (Signals(blocklisted=True), "blocklisted_address", 3),
        (Signals(device_elsewhere=True), "device_key_elsewhere", 4),
        (Signals(key_abroad=True), "device_key_abroad", 2),
        (Signals(agent_absurd=True), "absurd_agent", 2),
    ],
)
def test_each_worry_alone(signals, code, points):
    assert findings(signals, LIMITS) == (Finding(code, points),)


def test_an_unknown_device_after_a_recovery():
    found = {each.code for each in findings(Signals(device_known=False, recovered_seconds=HOUR), LIMITS)}
    assert found == {"recent_recovery", "fresh_device_after_change"}


def test_every_rule_is_named_once():
    assert len({rule.__name__ for rule in RULES}) == len(RULES) == 16


def test_newcomers_in_a_rare_network_are_a_burst_and_in_a_large_one_are_not():
    assert findings(Signals(accounts_from_asn=3), LIMITS)[0].code == "burst_from_network"
    assert findings(Signals(accounts_from_asn=3, accounts_from_asn_usual=2.5), LIMITS) == ()
    assert findings(Signals(accounts_from_asn=1), LIMITS) == ()


def test_surprise_is_the_poisson_tail():
    assert math.isclose(surprise(1, 0.5), -math.log(1 - math.exp(-0.5)))
    assert math.isclose(surprise(2, 0.1), -math.log(1 - math.exp(-0.1) * 1.1), rel_tol=1e-9)
    assert math.isclose(surprise(2, 5.0), -math.log(1 - math.exp(-5) * 6), rel_tol=1e-9)
    assert surprise(0, 1.0) == 0


@given(count=st.integers(1, 100), mean=st.floats(0.01, 100))
def test_more_is_more_surprising(count, mean):
    assert surprise(count + 1, mean) >= surprise(count, mean) - 1e-9
    assert surprise(count, mean * 1.1) <= surprise(count, mean) + 1e-9


def test_levels():
    assert level(-1.0, (), THRESHOLDS, LIMITS) is Risk.LOW
    assert level(THRESHOLDS.moderate, (), THRESHOLDS, LIMITS) is Risk.MODERATE
    assert level(THRESHOLDS.high, (), THRESHOLDS, LIMITS) is Risk.HIGH
    assert level(THRESHOLDS.severe, (), THRESHOLDS, LIMITS) is Risk.SEVERE
    assert level(-9.0, (Finding("x", 4.0),), THRESHOLDS, LIMITS) is Risk.HIGH


def test_unknown_is_said_and_is_not_low():
    assert assess(None, Signals()).level is None
    assert assess(None, Signals(password_breached=True)).level is None
    assert assess(None, Signals(device_elsewhere=True)).level is Risk.HIGH


def test_the_whole_judgement():
    profile, _table, at = live(*[(HOME, 2.0)] * 5)
    evidence = gather(profile, crowd().counts(HOME), HOME, at)
    found = assess(evidence, Signals(failures_on_account=4))
    assert found.level is Risk.LOW
    assert found.score is not None
    assert abs(found.score - sum(part.llr for part in found.parts)) < 1e-9
    assert rank(found) == found.score + 1.0
    assert found.model == DEFAULT.version
