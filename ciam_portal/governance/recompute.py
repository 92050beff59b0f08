"""A stored decision, asked once more: rebuild its facts, ask today's code under the same policy, compare."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from ciam_portal.core import gate
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.decide import columns_of
from ciam_portal.core.audit.facts import CannotRebuild, of_question
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Decision, Risk
from ciam_portal.core.policy.limits import Limits, UnsafePolicy
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.core.risk.kept import Numbers, of_json
from ciam_portal.core.risk.parameters import DEFAULT, FORMER
from ciam_portal.governance.models import PolicyVersion, RiskModel, under
from ciam_portal.governance.upgrade import completed

CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Again:
    """What the question answers now, as the columns of its row."""

    decision: Decision
    columns: Mapping[str, Any]
    model: str = ""


class Verdict(StrEnum):
    """What recomputing a decision shows."""

    HOLDS = "holds"
    NOT_AS_WRITTEN = "the row is not as it was written"
    NOBODY_CAN_SAY = "the row was sealed with a key that is not among AUDIT_KEYS"
    MODEL_CHANGED = "the row is as it was written, and the risk model has changed since"
    DIFFERS = "the row is as it was written, but today's software answers otherwise"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was stored."""

    what: str
    stored: object
    again: object


def question(name: str) -> Callable[..., Decision]:
    """The question of this name. Raises CannotRebuild if there is none (any more)."""
    asked = KNOWN.get(name)
    if asked is None:
        raise CannotRebuild(f"There is no question {name!r} (any more).")
    return asked


def ask(entry: DecisionEntry, rules: Limits) -> Again:
    """Ask the question of this row under these rules. Raises CannotRebuild."""
    asked = question(entry.question)
    if not isinstance(entry.inputs, list):
        raise CannotRebuild("The row holds no facts.")
    facts = of_question(asked, entry.inputs)
    try:
        return (
            _assessed(entry, facts, rules)
            if asked is gate.decide
            else _decided(asked(*facts, limits=rules, at=entry.at))
        )
    except (TypeError, ValueError, ArithmeticError) as error:  # of facts that no code of ours has written
        raise CannotRebuild(f"{entry.question} cannot be asked about these facts: {error}") from error


def _assessed(entry: DecisionEntry, facts: list[Any], rules: Limits) -> Again:
    assessed = gate.assess(*facts, limits=rules, at=entry.at, numbers=numbers_of(entry.model_version))
    assessment, parts = assessed.assessment, assessed.assessment.parts if assessed.assessment else ()
    basis = {
        "action": facts[0],
        "risk": None if assessed.risk is None else int(assessed.risk),
        "score": assessment.score if assessment else None,
        "contributions": [[part.code, part.llr] for part in parts],
    }
    return Again(assessed.decision, _answer(assessed.decision) | basis, assessment.model if assessment else "")


def _decided(decision: Decision) -> Again:
    return Again(decision, _answer(decision) | {"action": "", "risk": None, "score": None, "contributions": []})


def _answer(decision: Decision) -> dict[str, Any]:
    findings = [[finding.code, finding.points] for finding in decision.findings]
    return {**columns_of(decision), "findings": findings}


def recompute(entry: DecisionEntry) -> tuple[Difference, ...]:
    """What is different when the decision is taken again; nothing if it holds. Raises CannotRebuild."""
    again = ask(entry, rules_of(entry.policy_version))
    found = [
        Difference(name, stored, value)
        for name, value in again.columns.items()
        if not same(stored := getattr(entry, name), value)
    ]
    if not (state := seal.check(entry)).holds:
        found.append(Difference("seal", entry.seal, state.value))
    total = _sum(entry.contributions)
    if entry.score is not None and not same(total, entry.score):
        found.append(Difference("sum of contributions", total, entry.score))
    return tuple(found)


def verdict(entry: DecisionEntry, differences: tuple[Difference, ...]) -> Verdict:
    """What the differences mean. A row that is as it was written differs because of us, not of whoever touched it."""
    if not differences:
        return Verdict.HOLDS
    sealed = next((item.again for item in differences if item.what == "seal"), None)
    if sealed is not None:
        return Verdict.NOBODY_CAN_SAY if sealed == seal.Seal.KEY_UNKNOWN.value else Verdict.NOT_AS_WRITTEN
    is_former = entry.model_version not in {"", DEFAULT.version}
    return Verdict.MODEL_CHANGED if is_former else Verdict.DIFFERS


@cache
def numbers_of(model: str) -> Numbers:
    """The numbers of this version of the risk model; today's for one that is not kept. Raises CannotRebuild."""
    kept = RiskModel.objects.filter(version=model).first()
    if kept is None:
        return Numbers(replace(DEFAULT, equations=FORMER.get(model, DEFAULT.equations)))
    try:
        return of_json(kept.numbers)
    except ValueError as error:
        raise CannotRebuild(f"The numbers of the risk model {model} do not fit this software: {error}") from error


@cache
def rules_of(version: str) -> Limits:
    """The policy that decided under this version. Raises CannotRebuild if it is not kept, or not usable any more.

    A key that newer software has added had no say in what was decided then; the shipped value completes the tables.
    """
    row = PolicyVersion.objects.filter(version=version).first()
    if row is None:
        raise CannotRebuild(f"The policy version {version} is not kept here.")
    try:
        kept, shipped = limits.tables(row.content), limits.tables(limits.read(limits.DEFAULT))
        return under(version, limits.as_toml(completed(kept, shipped).tables))
    except UnsafePolicy as error:
        raise CannotRebuild(str(error)) from error


def same(stored: object, again: object) -> bool:
    """Equal, numbers to 1e-9."""
    if isinstance(stored, bool) or isinstance(again, bool):
        return stored is again
    if isinstance(stored, (int, float)) and isinstance(again, (int, float)):
        return math.isclose(stored, again, rel_tol=CLOSE, abs_tol=CLOSE)
    if isinstance(stored, list) and isinstance(again, list):
        return len(stored) == len(again) and all(map(same, stored, again))
    return stored == again


def _sum(contributions: Any) -> float | None:  # noqa: ANN401  (a forged row may hold anything)
    try:
        return math.fsum(llr for _code, llr in contributions)
    except (TypeError, ValueError, OverflowError):
        return None


def risk_name(level: int) -> str:
    """The word for a stored level of risk."""
    return Risk(level).name.lower() if level in set(Risk) else f"{level} (no such level)"
