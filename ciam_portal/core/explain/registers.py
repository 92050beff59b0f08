"""One stored decision, read out in the register of whoever asks."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Protocol

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import gate
from ciam_portal.core.explain import actions, features, findings, reasons
from ciam_portal.core.explain.features import SHOWN
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.visit import Feature
from ciam_portal.core.words import Text

_TELLING = 0.5  # nats: a part below that says next to nothing
_KNOWN = gate.Trust.KNOWN
_LITTLE = _("We do not know this browser or this place well enough yet to be sure who it was.")
_STANDING = _("Something about how this session began was unusual for your account.")
_ORDINARY = _("Nothing about this was unusual.")
_ENOUGH = _("What you showed was enough.")
_ANSWERS: dict[str, Text] = {
    "allow": _("The answer was yes."),
    "step_up": _("One more step was asked for."),
    "hold": _("It has to wait."),
    "deny": _("The answer was no."),
}


class Entry(Protocol):
    """A stored decision, as far as it is read here. The columns of ``audit.DecisionEntry``."""

    question: Any
    action: Any
    answer: Any
    reason: Any
    risk: Any
    score: Any
    contributions: Any
    findings: Any
    inputs: Any
    detail: Any


def for_customer(entry: Entry) -> list[str]:
    """Why, for the person it concerns: no numbers, no thresholds, nothing that teaches how to pass unnoticed."""
    because = list(dict.fromkeys(str(words) for words in _because(entry)))
    if entry.answer == "allow":
        return [*because, str(_ENOUGH)] if because else [str(_ORDINARY)]
    first = _first(entry)
    if entry.reason in {"unusual", "on_hold", "sign_in_held", "too_risky"}:
        return [first, *(because or [str(_LITTLE)])]
    return [first]


def for_newcomer(entry: Entry) -> list[str]:
    """The same for whoever has shown a password and no more: of browser and place only, which they know themselves."""
    first, *because = for_customer(entry)
    return [first, *(words for words in because if words in {str(each) for each in features.SEEN})]


def _first(entry: Entry) -> str:
    if entry.reason != gate.Reason.PROVE_MORE or not entry.action:
        return str(reasons.words(entry.question, entry.reason).customer)
    if entry.action == Action.SIGN_IN:
        return translate("Your account has a second step, so we ask for it when you sign in.")
    return translate("We ask again who you are before this: %(doing)s.") % {"doing": actions.doing(entry.action)}


def _because(entry: Entry) -> Iterator[Text]:
    for code, _points in _pairs(entry.findings):
        yield findings.words(code).customer
    facts = _facts(entry)
    telling = [(feature, is_new) for feature, llr, is_new in _parts(entry) if llr >= _TELLING]
    if facts.get("device", _KNOWN) == _KNOWN:  # a known browser under another name was updated, and is no other one
        telling = [(feature, is_new) for feature, is_new in telling if feature is not Feature.AGENT]
    shown = [(SHOWN[feature], is_new) for feature, is_new in telling]
    new = [each.new for each, is_new in shown if is_new]
    yield from new
    for each, is_new in shown:
        if not is_new and each.new not in new:
            yield each.seldom
    if entry.answer != "allow" and _is_strange(facts):
        yield features.NEW_BROWSER
    if facts.get("standing"):
        yield _STANDING


def for_agent(entry: Entry) -> list[str]:
    """Why, for the help desk: plain, and what to check with the caller. No scores: they are nobody's to read out."""
    said = [str(_ANSWERS.get(entry.answer, ""))]
    if entry.reason:
        said.append(str(reasons.words(entry.question, entry.reason).agent))
    check = [str(findings.words(code).agent) for code, _points in _pairs(entry.findings)]
    for feature, llr, is_new in _parts(entry):
        if llr >= _TELLING:
            check.append(str(SHOWN[feature].agent_new if is_new else SHOWN[feature].agent_seldom))
    facts = _facts(entry)
    if entry.answer != "allow" and _is_strange(facts):
        check.append(translate("The browser is not known well enough for this yet. Ask for one they used before."))
    if facts.get("standing"):
        check.append(translate("The sign-in of this session was unusual already. Go through it with the caller."))
    if not check and (entry.risk or Risk.LOW) > Risk.LOW:
        check = [translate("Too little is known about this browser or place yet. Ask whether they are new.")]
    return [words for words in dict.fromkeys([*said, *check]) if words]


def for_operator(entry: Entry) -> list[str]:
    """Why, exactly: answer, reason, risk, each finding with its points and each part with its log-likelihood ratio."""
    said = [translate("Answer %(answer)s.") % {"answer": entry.answer}]
    if entry.reason:
        words = reasons.words(entry.question, entry.reason).operator
        said.append(f"{entry.reason}: {words}")
    if entry.action:
        said.append(translate("Risk that counted: %(risk)s.") % {"risk": risk_name(entry.risk)})
    facts = _facts(entry)
    if "device" in facts:
        said.append(translate("Trust in the device: %(trust)s.") % {"trust": _name(gate.Trust, facts["device"])})
    if "standing" in facts:
        said.append(translate("Risk the session carried: %(risk)s.") % {"risk": risk_name(facts["standing"])})
    for code, points in _pairs(entry.findings):
        said.append(f"{code} ({points:g}): {findings.words(code).operator}")
    for feature, llr, is_new in _parts(entry):
        state = {True: translate("new to the customer"), False: translate("known"), None: translate("not recorded")}
        said.append(f"{SHOWN[feature].name}: {state[is_new]}, {llr:+.3f}")
    if entry.score is not None:
        said.append(translate("Score, the sum of the parts: %(score)s.") % {"score": f"{entry.score:+.3f}"})
    elif entry.action == Action.SIGN_IN:
        said.append(translate("No score: there was no history to compare with, or it came too late."))
    return said


def risk_name(risk: int | None) -> str:
    """The name of a stored level of risk; "unknown" if nothing was assessed."""
    return _name(Risk, risk)


def _name(kind: type[IntEnum], number: int | None) -> str:
    return next((member.name.lower() for member in kind if member == number), "unknown")


def _parts(entry: Entry) -> Iterator[tuple[Feature, float, bool | None]]:
    """The parts whose feature this release knows, and whether the value was new to the customer."""
    evidence = _facts(entry).get("evidence") or {}
    known = {feature.value: feature for feature in Feature}
    for code, llr in _pairs(entry.contributions):
        if code in known:
            term = evidence.get(code) or {}
            yield known[code], llr, term.get("new")


def _facts(entry: Entry) -> dict[str, Any]:
    """The facts that the gate was asked about; none for another question."""
    stored = entry.inputs[1] if entry.action and len(entry.inputs) > 1 else {}
    return stored if isinstance(stored, dict) else {}


def _is_strange(facts: dict[str, Any]) -> bool:
    """Whether the browser says something: whoever signs up is nobody yet who could have used it."""
    return facts.get("device", _KNOWN) != _KNOWN and not facts.get("sign_up")


def _pairs(stored: list[Any]) -> Iterator[tuple[str, float]]:
    for code, number in stored:
        yield str(code), float(number)
