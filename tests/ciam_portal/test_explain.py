"""Why was it decided so? Words for every code there is, in three registers, and nothing that helps an attacker."""

import ast
import math
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciam_portal.core import explain, gate
from ciam_portal.core.explain import actions, findings, reasons
from ciam_portal.core.explain.chart import chart
from ciam_portal.core.explain.features import NEW_BROWSER, NEW_PLACE, SHOWN
from ciam_portal.core.policy.catalogue import PARTNER, USE_SCOPE, Action
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.risk import model, rules
from ciam_portal.core.risk.visit import Feature

GATE = "gate.decide"
ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"\d")


@dataclass
class Stored:
    """A decision as its columns hold it."""

    question: str = GATE
    action: str = "sign_in"
    answer: str = "step_up"
    reason: str = "unusual"
    risk: int | None = 1
    score: float | None = None
    contributions: list[Any] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)


def facts(*new: str, known: tuple[str, ...] = (), device: int = 2, standing: int | None = None) -> list[Any]:
    evidence = {name: {"new": True} for name in new} | {name: {"new": False} for name in known}
    return ["sign_in", {"evidence": evidence, "device": device, "standing": standing}]


@cache
def finding_codes() -> list[str]:
    """Every text that anything in the product gives a finding as its code."""
    makers, found = (
        {"Finding", "_at_least", "_within", "_steps", "_if"},
        {f"burst_{feature.value}" for feature in Feature},
    )
    for path in (*(ROOT / "ciam_portal").rglob("*.py"), *(ROOT / "accounts").rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if any(maker in text for maker in makers) else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return sorted(found)


@cache
def policy_reasons() -> list[tuple[str, ReasonBase]]:
    """Every reason of every policy, with a module whose questions are answered with it."""
    found: dict[tuple[type, ReasonBase], str] = {}  # codes of several policies may be alike
    asked = {question.__module__ for question in KNOWN.values()}
    for app in ("ciam_portal", "accounts", "recovery", "consent"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if path.name == "policy.py" or path.parent.name == "policy":
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                module = __import__(name, fromlist=["Reason"])
                for reason in getattr(module, "Reason", ()):
                    if name in asked or (type(reason), reason) not in found:
                        found[type(reason), reason] = name
    return [(name, reason) for (_kind, reason), name in found.items()]


# Complete


def test_there_is_a_code_for_every_rule() -> None:
    assert len(finding_codes()) >= len(rules.RULES) + len(Feature)


@pytest.mark.parametrize("code", finding_codes())
def test_every_finding_has_words_in_every_register(code: str) -> None:
    entry = Stored(findings=[[code, 4.0]], inputs=facts())
    assert findings.words(code) != findings.UNKNOWN
    assert str(findings.words(code).customer) in explain.for_customer(entry)
    assert str(findings.words(code).agent) in explain.for_agent(entry)
    assert any(line.startswith(f"{code} (4): ") for line in explain.for_operator(entry))


def test_no_words_are_kept_for_findings_that_are_gone() -> None:
    assert set(findings.FINDINGS) <= set(finding_codes())


@pytest.mark.parametrize("feature", Feature)
@pytest.mark.parametrize("new", [True, False])
def test_every_part_has_words_in_every_register(feature: Feature, new: bool) -> None:
    device = 0 if feature is Feature.AGENT else 2  # on a known device it is an update, of which nothing is said
    inputs = facts(feature, device=device) if new else facts(known=(feature,), device=device)
    entry = Stored(contributions=[[feature.value, 3.0]], score=3.0, inputs=inputs)
    shown = SHOWN[feature]
    assert str(shown.new if new else shown.seldom) in explain.for_customer(entry)
    assert str(shown.agent_new if new else shown.agent_seldom) in explain.for_agent(entry)
    assert any(line.startswith(f"{shown.name}: ") and "+3.000" in line for line in explain.for_operator(entry))


@pytest.mark.parametrize("reason", gate.Reason)
def test_every_reason_of_the_gate_has_words_in_every_register(reason: gate.Reason) -> None:
    entry = Stored(answer="deny", reason=reason, inputs=facts())
    words = reasons.GATE[reason]
    assert reason is gate.Reason.PROVE_MORE or explain.for_customer(entry)[0] == str(words.customer)
    assert str(words.agent) in explain.for_agent(entry)
    assert f"{reason}: {words.operator}" in explain.for_operator(entry)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("sign_in", "Your account has a second step, so we ask for it when you sign in."),
        ("change_email", "We ask again who you are before this: changing your email address."),
    ],
)
def test_who_is_asked_for_more_reads_for_what(action: str, said: str) -> None:
    assert explain.for_customer(Stored(action=action, reason="prove_more", inputs=facts())) == [said]


def test_who_has_shown_a_password_and_no_more_reads_of_browser_and_place_only() -> None:
    entry = Stored(inputs=facts("country", device=0), contributions=[["country", 2.0]], findings=[["new_account", 1.0]])
    first, *because = explain.for_newcomer(entry)
    assert first in explain.for_customer(entry)
    assert because == [str(NEW_PLACE), str(NEW_BROWSER)]
    assert "Your account is still very new." in explain.for_customer(entry)


@pytest.mark.parametrize(("module", "reason"), policy_reasons(), ids=str)
def test_every_reason_of_a_policy_has_words_in_every_register(module: str, reason: ReasonBase) -> None:
    asked = next(name for name, question in KNOWN.items() if question.__module__ == module)
    entry = Stored(question=asked, action="", answer="deny", reason=reason, risk=None)
    (said,) = explain.for_customer(entry)
    assert said
    assert said == reason.words
    assert any(reason.words in line for line in explain.for_agent(entry))
    assert any(line.startswith(f"{reason}: ") for line in explain.for_operator(entry))


@pytest.mark.parametrize("action", Action)
def test_every_action_has_words(action: Action) -> None:
    assert str(actions.DOING[action]) == explain.doing(action)


def test_a_partners_own_names_are_not_repeated() -> None:
    for name in (f"{PARTNER}<script>", f"{USE_SCOPE}phone", "something.else"):
        assert explain.doing(name)
        assert "script" not in explain.doing(name)


# Nothing that helps an attacker


def every_customer_word() -> list[str]:
    said = [str(words.customer) for words in (*findings.FINDINGS.values(), findings.UNKNOWN, *reasons.GATE.values())]
    said += [str(text) for shown in SHOWN.values() for text in (shown.new, shown.seldom)]
    return said


@pytest.mark.parametrize("said", sorted(set(every_customer_word())))
def test_the_customer_reads_no_number_and_no_word_of_the_trade(said: str) -> None:
    assert not NUMBER.search(said)
    trade = r"score|point|threshold|risk|cookie|agent|prefix|\bAS\b|listed|stuffing|VPN|fingerprint"
    assert not re.search(trade, said, re.IGNORECASE)
    assert said.endswith((".", "?"))


def test_what_could_be_imitated_is_not_told_apart() -> None:
    """Browser or place: more than these two is never said of what a sign-in showed."""
    assert len({str(shown.new) for shown in SHOWN.values()}) == 2
    assert len({str(shown.seldom) for shown in SHOWN.values()}) == 2
    stolen = explain.for_customer(Stored(findings=[["device_key_elsewhere", 4.0]], inputs=facts()))
    forgotten = explain.for_customer(Stored(contributions=[["device", 3.0]], inputs=facts("device")))
    assert stolen == forgotten


def test_an_updated_browser_on_a_known_device_is_no_other_browser() -> None:
    updated = Stored(contributions=[["agent", 3.0]], inputs=facts("agent"))
    assert str(NEW_BROWSER) not in explain.for_customer(updated)
    elsewhere = facts("agent", device=0)
    assert str(NEW_BROWSER) in explain.for_customer(Stored(contributions=[["agent", 3.0]], inputs=elsewhere))


def test_coming_home_is_no_new_place() -> None:
    home = explain.for_customer(Stored(findings=[["impossible_travel", 4.0]], inputs=facts(known=("country", "asn"))))
    assert str(NEW_PLACE) not in home
    assert "Shortly before, your account was used in another country." in home
    listed = explain.for_customer(Stored(findings=[["blocklisted_address", 3.0]], inputs=facts(known=("country",))))
    assert str(NEW_PLACE) not in listed


def test_nothing_that_a_sign_in_showed_is_said_to_be_the_readers_own_doing() -> None:
    """A thief's sign-in is explained to its owner in the same words."""
    said = {str(text) for shown in SHOWN.values() for text in (shown.new, shown.seldom)}
    said |= {str(words.customer) for words in findings.FINDINGS.values()}
    assert not [text for text in said if re.search(r"\byou\b", text, re.IGNORECASE)]


@given(
    points=st.floats(0, 20, allow_nan=False),
    llr=st.floats(0.5, 12, allow_nan=False),
    feature=st.sampled_from(list(Feature)),
    code=st.sampled_from(finding_codes()),
)
def test_the_customers_words_do_not_depend_on_how_much(points: float, llr: float, feature: Feature, code: str) -> None:
    def said(points: float, llr: float) -> list[str]:
        parts, found = [[feature.value, llr]], [[code, points]]
        return explain.for_customer(Stored(contributions=parts, findings=found, inputs=facts(feature)))

    assert said(points, llr) == said(1.0, 1.0)


def test_the_agent_reads_no_score() -> None:
    parts = [[feature.value, 2.345] for feature in Feature]
    worries = [[code, 3.456] for code in finding_codes()]
    entry = Stored(contributions=parts, findings=worries, score=9 * 2.345, inputs=facts(*Feature))
    said = " ".join(explain.for_agent(entry))
    assert not NUMBER.search(said)
    assert "+2.345" in " ".join(explain.for_operator(entry))


# True


def test_a_known_browser_is_not_called_new() -> None:
    entry = Stored(contributions=[["browser", 1.0]], inputs=facts(known=("browser",)))
    assert "seldom" in " ".join(explain.for_customer(entry))


def test_what_speaks_for_the_customer_or_hardly_speaks_is_not_held_against_them() -> None:
    entry = Stored(contributions=[["browser", -2.0], ["asn", 0.2]], inputs=facts("browser", "asn"))
    said = " ".join(explain.for_customer(entry))
    assert "browser we have not seen" not in said
    assert "We do not know this browser or this place well enough" in said


def test_an_ordinary_sign_in_is_called_ordinary_and_an_unusual_one_that_was_proven_is_not() -> None:
    assert explain.for_customer(Stored(answer="allow", reason="", inputs=facts())) == [
        "Nothing about this was unusual."
    ]
    proven = explain.for_customer(
        Stored(answer="allow", reason="", contributions=[["country", 3.0]], inputs=facts("country"))
    )
    assert proven[-1] == "What you showed was enough."


def test_a_session_that_began_badly_and_a_device_hardly_known_are_named() -> None:
    entry = Stored(action="change_email", answer="hold", reason="on_hold", inputs=facts(device=1, standing=1))
    assert len(explain.for_customer(entry)) == 3
    assert "browser they used before" in " ".join(explain.for_agent(entry))
    assert {"Trust in the device: new.", "Risk the session carried: moderate."} <= set(explain.for_operator(entry))


def test_an_ordinary_second_step_is_not_called_unusual() -> None:
    (said,) = explain.for_customer(Stored(reason="prove_more", findings=[["new_account", 1.0]], inputs=facts("asn")))
    assert "unusual" not in said


# Whatever is stored


@pytest.mark.parametrize(
    "change",
    [
        {"findings": [["<script>alert(1)</script>", 1.0]]},
        {"contributions": [["gone_by_now", 3.0]]},
        {"reason": "gone_by_now"},
        {"question": "dispute.may_close", "reason": "prove_more"},
        {"question": "os.system", "reason": "unusual"},
        {"question": "accounts.policy.gone.question", "reason": "x"},
        {"question": "", "action": "", "reason": "x"},
        {"inputs": []},
        {"inputs": ["sign_in", "not a table"]},
        {"inputs": ["sign_in", {"evidence": None, "device": 7}]},
        {"answer": "perhaps"},
        {"risk": 99},
    ],
)
def test_rows_of_other_releases_are_read_without_falling_over(change: dict[str, Any]) -> None:
    entry = Stored(**change)
    assert explain.for_customer(entry)
    assert explain.for_agent(entry)
    assert explain.for_operator(entry)
    assert "<script>" not in " ".join(explain.for_customer(entry) + explain.for_agent(entry))


# The chart


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly
@given(st.lists(st.tuples(st.sampled_from([f.value for f in Feature]), st.floats(-12, 12)), min_size=1, max_size=9))
def test_bars_stand_on_their_side_of_zero_within_the_picture_and_add_up(parts: list[tuple[str, float]]) -> None:
    drawn = chart(parts)
    assert drawn is not None
    assert drawn.sum == math.fsum(llr for _code, llr in parts)
    assert len(drawn.bars) == len(parts)
    for bar, (_code, llr) in zip(drawn.bars, parts, strict=True):
        assert bar.toward == (llr > 0)
        assert bar.x == drawn.zero if bar.toward else math.isclose(bar.x + bar.width, drawn.zero, abs_tol=0.02)
        assert 0 <= bar.x <= bar.x + bar.width <= drawn.width
        assert 0 <= bar.y <= bar.text_y <= drawn.height
    longest = max(abs(llr) for _code, llr in parts)
    for bar, (_code, llr) in zip(drawn.bars, parts, strict=True):
        if longest > 1e-6:
            widest = max(each.width for each in drawn.bars)
            assert math.isclose(bar.width / widest, abs(llr) / longest, abs_tol=1e-3)


def test_the_sum_of_the_bars_is_the_score_of_the_model() -> None:
    parts = (model.Part("device", 1.25), model.Part("asn", -0.75), model.Part("agent", 0.1))
    drawn = chart([[part.code, part.llr] for part in parts])
    assert drawn is not None
    assert abs(drawn.sum - model.score(parts)) < 1e-9


def test_without_parts_there_is_no_chart() -> None:
    assert chart([]) is None
