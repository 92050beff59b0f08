"""The risk model's card: what it is for, what it looks at, how well it does, who answers for it. From what runs now."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.conf import settings

from accounts.models import Alert, RiskState
from accounts.watch import calibration, card_words, drift
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, Parameters, RuleLimits
from ciam_portal.core.risk.signals import Signals
from ciam_portal.core.risk.visit import Feature, Visit

UNSET = "Nobody yet: set RISK_MODEL_OWNER."
DAYS = 30


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the card: sentences, then rows under these column names."""

    code: str
    title: str
    sentences: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def build(at: datetime) -> tuple[Section, ...]:
    """The whole card, as of now."""
    return (
        Section("purpose", "Purpose", card_words.PURPOSE),
        _owner(),
        _inputs(),
        _signals(),
        _weights(),
        _thresholds(),
        _rules(),
        *_metrics(at),
        Section("limits", "Limits and known weaknesses", card_words.LIMITS),
        Section("functions", "Explainable, monitored, accountable", card_words.FUNCTIONS),
    )


def as_json(sections: tuple[Section, ...], at: datetime) -> dict[str, Any]:
    """The card for machines."""
    return {"at": at.isoformat(), "sections": [asdict(section) for section in sections]}


def _owner() -> Section:
    rows = (
        ("Owner", settings.RISK_MODEL_OWNER or UNSET),
        ("Model", DEFAULT.version),
        ("Policy", limits.current().version),
    )
    return Section("owner", "Owner and versions", (), ("What", "Value"), rows)


def _inputs() -> Section:
    words = comments(Visit)
    rows = tuple((feature.value, words[feature.value]) for feature in Feature)
    return Section("features", "Inputs: what a sign-in shows", card_words.FEATURES, ("Feature", "Meaning"), rows)


def _signals() -> Section:
    rows = tuple(comments(Signals).items())
    return Section("signals", "Inputs: what surrounds it", card_words.SIGNALS, ("Signal", "Meaning"), rows)


def _weights() -> Section:
    words = comments(Parameters)
    plain = [
        (name, _number(getattr(DEFAULT, name)), words[name])
        for name in words
        if isinstance(getattr(DEFAULT, name), float | int)
    ]
    attackers = [
        (f"attackers.{name}", _number(value), words["attackers"]) for name, value in asdict(DEFAULT.attackers).items()
    ]
    changes = [
        (
            f"changes.{name}",
            ", ".join(f"{key} {_number(value)}" for key, value in asdict(change).items()),
            words["changes"],
        )
        for name, change in DEFAULT.changes.items()
    ]
    return Section(
        "weights", "Weights", card_words.WEIGHTS, ("Parameter", "Value", "Meaning"), (*plain, *attackers, *changes)
    )


def _thresholds() -> Section:
    risk, row = limits.current().risk, limits.current().actions[Action.SIGN_IN]
    rows = tuple((item.name, _number(getattr(risk, item.name))) for item in fields(risk))
    ceilings = tuple(
        (f"sign_in.{name}", value.name.lower() if (value := getattr(row, name)) is not None else "never")
        for name in ("challenge_from", "hold_from", "deny_from")
    )
    return Section("thresholds", "Thresholds", card_words.THRESHOLDS, ("Limit", "Value"), (*rows, *ceilings))


def _rules() -> Section:
    points = comments(RuleLimits)
    rows = tuple((rule.__name__, _said(rule)) for rule in rules.RULES)
    numbers = tuple((name, f"{_number(getattr(LIMITS, name))}: {words}") for name, words in points.items())
    return Section(
        "rules", "Rules and their points", card_words.RULES, ("Rule or number", "Meaning"), (*rows, *numbers)
    )


def _metrics(at: datetime) -> tuple[Section, ...]:
    seen, found = _latest("drift"), _latest("calibration")
    measured = drift.measure(at) if seen is None else drift.Drift(**seen)
    calibrated = (
        calibration.measure(limits.current().risk.challenge_target_percent, DAYS, at)
        if found is None
        else calibration.Calibration(**found)
    )
    labels, away = measured.labels, measured.away
    rows = (
        ("As of", measured.until[:16]),
        ("Attempts in the last week", str(measured.lately)),
        ("Challenged, held or denied for their risk", _percent(measured.challenge_percent)),
        ("The same in the four weeks before", _percent(measured.usual_percent)),
        ("The target", f"{limits.current().risk.challenge_target_percent:.1f} %"),
        ("Held, 30 days; of these it seems wrongly", f"{away.held}; {away.falsely_held}"),
        ("Denied, 30 days; of these it seems wrongly", f"{away.denied}; {away.falsely_denied}"),
        ("Confirmed by their owners, 30 days", str(labels.get("activity.was_me", 0))),
        ("Disowned by their owners, 30 days", str(labels.get("activity.not_me", 0))),
        ("Open alerts", str(Alert.objects.filter(acknowledged_at=None).count())),
        ("Threshold today", _number(calibrated.today)),
        ("Threshold suggested", "none" if calibrated.suggested is None else _number(calibrated.suggested)),
        ("Calibration", calibrated.says),
    )
    stability = tuple((code, f"{value:.3f}") for code, value in measured.psi.items())
    segments = tuple(
        (each.dimension, each.value, str(each.sign_ins), _share(each.challenged, each.sign_ins),
         _share(each.genuine_challenged, each.genuine))
        for each in measured.segments
    )  # fmt: skip
    return (
        Section("metrics", "How it does", card_words.METRICS, ("Measure", "Value"), rows),
        Section("drift", "Drift", card_words.DRIFT, ("Feature", "PSI"), stability),
        Section(
            "segments", "Who is challenged", card_words.SEGMENTS,
            ("By", "Kind", "Sign-ins", "Challenged", "Of those confirmed genuine"), segments,
        ),
    )  # fmt: skip


def _latest(key: str) -> dict[str, Any] | None:
    state = RiskState.objects.filter(key=key, updated_at__isnull=False).first()
    if state is None:
        return None
    data = dict(state.data)
    if "segments" in data:
        data["segments"] = tuple(drift.Segment(**segment) for segment in data["segments"])
    if "away" in data:
        data["away"] = drift.TurnedAway(**data["away"])
    return data


def comments(kind: type) -> dict[str, str]:
    """The sentence that stands under each field of a class, by name: the words beside the numbers are the card's."""
    names = {item.name for item in fields(kind) if item.init}
    found: dict[str, str] = {}
    last = ""
    tree = ast.parse(inspect.getsource(kind)).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            last = node.target.id
            found[last] = ""
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and last in found:
            found[last] = " ".join(str(node.value.value).split())
            last = ""
    return {name: words for name, words in found.items() if name in names}


def _said(rule: Callable[..., object]) -> str:
    return " ".join((rule.__doc__ or "").split())


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{share:.1f} %"


def _share(hits: int, of: int) -> str:
    return f"{100 * hits / of:.1f} %" if of else "-"


def _number(value: Any) -> str:  # noqa: ANN401  (a number, or steps of numbers)
    if isinstance(value, tuple):
        return "; ".join(f"{bound:g} gives {points:g}" for bound, points in value)
    return f"{value:g}" if isinstance(value, float | int) else str(value)
