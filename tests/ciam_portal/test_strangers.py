"""What a stranger can bring about from outside: it may challenge, it never stops a known device, it stays nowhere."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciam_portal.core import gate
from ciam_portal.core.gate import Facts, Trust
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.catalogue import Row
from ciam_portal.core.policy.decision import Allow, Deny, Hold, Risk, StepUp, strictness
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.parameters import FORMER
from ciam_portal.core.risk.parameters import LIMITS as RULE_LIMITS
from ciam_portal.core.risk.rules import STRANGERS, findings
from ciam_portal.core.risk.signals import Signals
from tests.ciam_portal.test_gate import HOME, LIMITS, NOON, ask, counts, facts_of, rows

MOST: dict[str, Any] = {
    "failures_on_account": 10**6,
    "failures_from_address": 10**6,
    "accounts_from_address": 10**6,
    "sources_on_account": 10**6,
    "accounts_from_asn": 10**6,
}
ALL = Signals(**MOST)
pressures = st.fixed_dictionaries(dict.fromkeys(MOST, counts))


def test_these_are_the_findings_that_strangers_can_cause() -> None:
    assert {each.code for each in findings(ALL, RULE_LIMITS)} == STRANGERS


def test_all_else_belongs_to_the_visit() -> None:
    """A new signal has to be put on one side or the other."""
    names = set(Signals.__dataclass_fields__) - set(MOST) - {"accounts_from_asn_usual"}
    assert names == {
        "seconds_since_last_use", "account_age_seconds", "country_changed_seconds", "recovered_seconds",
        "contact_changed_seconds", "password_breached", "blocklisted", "device_known", "device_age_seconds",
        "device_elsewhere", "key_abroad", "agent_absurd",
    }  # fmt: skip


@pytest.mark.parametrize("signal", [*sorted(MOST), "all"])
@pytest.mark.parametrize("action", sorted(LIMITS.actions))
def test_from_a_known_device_no_action_waits_for_what_strangers_do(action: str, signal: str) -> None:
    row = LIMITS.actions[action]
    pressed = ALL if signal == "all" else Signals(**{signal: MOST[signal]})
    # What this customer can prove is proven; with risk not known, what is critical waits, whatever strangers do.
    for highest in (Level.AAL1, Level.AAL2, Level.PHR):
        for standing in (Risk.LOW, None):
            facts = replace(
                HOME, channel=row.channels[0], highest=highest, assurance=Assurance(highest, NOON), challenged_at=NOON,
                standing=standing, evidence=None if standing is not None else Evidence(), amount=1, currency="EUR",
            )  # fmt: skip
            calm, loud = ask(action, replace(facts, signals=Signals())), ask(action, replace(facts, signals=pressed))
            assert type(loud) is type(calm)
            assert not isinstance(loud, (Hold, Deny))


COMING = replace(HOME, session_live=None, standing=None, evidence=Evidence())
PRESSED = replace(COMING, signals=ALL)


def test_at_the_door_they_ask_for_the_customers_own_factor() -> None:
    assert ask("sign_in", COMING) == Allow()
    answer = ask("sign_in", replace(PRESSED, highest=Level.AAL2))
    assert isinstance(answer, StepUp)
    assert answer.challenge


def test_they_never_ask_a_known_browser_for_a_message_that_may_not_come() -> None:
    """Some 15 failures from a shared address, and each sign-in there took a mailed code, of which there are five."""
    assert isinstance(ask("sign_in", PRESSED), Allow)
    unknown = ask("sign_in", replace(PRESSED, device=Trust.NONE))
    assert isinstance(unknown, StepUp)
    assert unknown.challenge
    before = gate.assess("sign_in", PRESSED, limits=LIMITS, at=NOON, equations=FORMER["0cfd3ac44773daed"])
    assert isinstance(before.decision, StepUp)


def test_a_device_that_is_not_known_is_still_stopped_by_them() -> None:
    unknown = replace(HOME, device=Trust.NONE, challenged_at=NOON, signals=Signals(sources_on_account=5))
    assert isinstance(ask("change_email", unknown), Hold)
    assert isinstance(ask("change_email", replace(unknown, device=Trust.KNOWN)), Allow)


@settings(max_examples=400)
@given(st.sampled_from(sorted(LIMITS.actions)), facts_of, pressures)
def test_strangers_never_stop_a_known_device(action: str, facts: Facts, pressure: dict[str, Any]) -> None:
    _holds(action, facts, pressure, LIMITS.actions[action])


@settings(max_examples=400)
@given(rows, facts_of, pressures)
def test_whatever_row_the_operator_writes(row: Row, facts: Facts, pressure: dict[str, Any]) -> None:
    _holds("the_action", facts, pressure, row)


def _holds(action: str, facts: Facts, pressure: dict[str, Any], row: Row) -> None:
    rules = replace(LIMITS, actions={**LIMITS.actions, action: row})
    quiet = replace(facts.signals or Signals(), **dict.fromkeys(MOST))
    calm, loud = (
        gate.assess(action, replace(facts, signals=each), limits=rules, at=NOON)
        for each in (quiet, replace(quiet, **pressure))
    )
    assert strictness(loud.decision) >= strictness(calm.decision)
    assert loud.standing == calm.standing
    if facts.device is Trust.KNOWN and not isinstance(calm.decision, (Hold, Deny)):
        assert not isinstance(loud.decision, (Hold, Deny))
    if facts.device is Trust.KNOWN and facts.highest < Level.AAL2:
        assert replace(loud.decision, findings=()) == replace(calm.decision, findings=())


@given(st.sampled_from(sorted(LIMITS.actions)), facts_of, pressures)
def test_what_stays_is_never_more_than_what_counted(action: str, facts: Facts, pressure: dict[str, Any]) -> None:
    facts = replace(facts, signals=replace(facts.signals or Signals(), **pressure))
    assessed = gate.assess(action, facts, limits=LIMITS, at=NOON)
    assert (assessed.standing is None) == (assessed.risk is None)
    assert assessed.risk is None or assessed.standing is None or assessed.standing <= assessed.risk


def test_as_it_was_answered_before_it_can_be_answered_still() -> None:
    pressed = replace(HOME, challenged_at=NOON, signals=Signals(sources_on_account=5))
    now, then = (
        gate.assess("change_email", pressed, limits=LIMITS, at=NOON, equations=equations)
        for equations in (None, min(FORMER.values()))
    )
    assert isinstance(now.decision, Allow)
    assert isinstance(then.decision, Hold)
    assert now.risk == then.risk == Risk.HIGH
