"""The whole judgement of one sign-in: the score with its parts, the findings beside it, and the level they reach."""

from dataclasses import dataclass

from ciam_portal.core.policy.decision import Finding, Risk
from ciam_portal.core.risk import model, rules
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.model import Part
from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, THRESHOLDS, Parameters, RuleLimits, Thresholds
from ciam_portal.core.risk.signals import Signals


@dataclass(frozen=True, slots=True)
class Assessment:
    """What we think of a sign-in, and why."""

    level: Risk | None
    """None: unknown, because there is no history and no finding that would settle it. Unknown is not low."""
    score: float | None
    """The sum of the parts, in nats; None without parts."""
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...]
    model: str
    """The version of the parameters."""
    own: Risk | None = None
    """The level of the visit itself, without what strangers can cause. None: unknown, as above."""


def assess(
    evidence: Evidence | None,
    signals: Signals,
    thresholds: Thresholds = THRESHOLDS,
    limits: RuleLimits = LIMITS,
    *,
    parameters: Parameters = DEFAULT,
) -> Assessment:
    """Judge a sign-in. ``evidence`` None: the score could not be had (too late, failed); risk is then unknown."""
    parts = model.parts(evidence, parameters) if evidence is not None else ()
    score = model.score(parts) if parts else None
    findings = rules.findings(signals, limits)
    whole, own = (level(score, some, thresholds, limits) for some in (findings, rules.own(findings)))
    return Assessment(whole, score, parts, findings, parameters.version, own)


def level(
    score: float | None, findings: tuple[Finding, ...], thresholds: Thresholds, limits: RuleLimits
) -> Risk | None:
    """The highest level that the score or any one finding reaches. Without a score only high and severe are certain."""
    found = worst(findings, limits)
    if score is None:
        return found if found >= Risk.HIGH else None
    return max(found, _graded(score, thresholds))


def worst(findings: tuple[Finding, ...], limits: RuleLimits) -> Risk:
    """The highest level that any one finding reaches."""
    return max((_graded(each.points, limits) for each in findings), default=Risk.LOW)


def _graded(number: float, bounds: Thresholds | RuleLimits) -> Risk:
    if number >= bounds.severe:
        return Risk.SEVERE
    if number >= bounds.high:
        return Risk.HIGH
    return Risk.MODERATE if number >= bounds.moderate else Risk.LOW
