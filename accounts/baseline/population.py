"""What sign-ins teach about everybody: read since a watermark, added up for one statement."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import PopulationCount, Session
from ciam_portal.core.audit.facts import CannotRebuild, rebuild
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.risk import population
from ciam_portal.core.risk.evidence import Evidence, deltas_of
from ciam_portal.core.risk.parameters import DEFAULT
from ciam_portal.core.risk.visit import Feature, Visit

BATCH = 2_000
NOT_ME, WAS_ME = "activity.not_me", "activity.was_me"
SUSPECT = "risk_rose"  # sessions that ended for this never teach
# Transactions that began earlier may commit later; none takes so long (see the statement timeout).
_SETTLED = timedelta(minutes=2)

LEAST = 0.01
"""A value that weighs less has been forgotten by everybody."""
KEPT = (population.TOTAL[0], population.DISTINCT, population.EXPOSURE, population.CHANGES, population.DAYS[0])


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a batch adds, and where the next one begins."""

    deltas: dict[population.Key, float]
    sign_ins: int
    left_out: int
    watermark: dict[str, str]


def due(watermark: dict[str, str], at: datetime) -> QuerySet[Session]:
    """The sign-ins that have not taught yet and are old enough to, oldest first."""
    wait = max(_SETTLED, timedelta(hours=limits.current().risk.learn_after_hours))
    rows = Session.objects.filter(started_at__lte=at - wait).order_by("started_at", "pk")
    if watermark:
        rows = rows.filter(started_at__gte=watermark["at"])
        rows = rows.exclude(started_at=watermark["at"], pk__lte=watermark["session"])
    return rows


def lesson(watermark: dict[str, str], at: datetime) -> Lesson | None:
    """What the next batch of sign-ins teaches; nothing if there is none."""
    rows = list(due(watermark, at).values("pk", "started_at", "decision", "visit", "end_reason")[:BATCH])
    if not rows:
        return None
    evidence = evidence_of(row["decision"] for row in rows)
    disowned = labelled(NOT_ME, rows[0]["started_at"])
    teaching = [row for row in rows if row["decision"] not in disowned and row["end_reason"] != SUSPECT]
    visits = [(visit_of(row["visit"]), _of(evidence, row["decision"])) for row in teaching]
    first, last = rows[0]["started_at"], rows[-1]["started_at"]
    begun = datetime.fromisoformat(watermark["at"]) if watermark else first
    deltas = _add_up(visits)
    deltas[population.DAYS] = (last - begun).total_seconds() / 86_400
    return Lesson(
        deltas, len(teaching), len(rows) - len(teaching), {"at": last.isoformat(), "session": str(rows[-1]["pk"])}
    )


def _of(evidence: Mapping[UUID, Evidence], decision: UUID | None) -> Evidence:
    return evidence.get(decision, Evidence()) if decision else Evidence()


def _add_up(visits: list[tuple[Visit, Evidence]]) -> dict[population.Key, float]:
    shown = {
        (feature.value, visit.value(feature)) for visit, _ in visits for feature in Feature if visit.value(feature)
    }
    known = PopulationCount.objects.weights(shown)
    total: defaultdict[population.Key, float] = defaultdict(float)
    for visit, evidence in visits:
        for key, delta in deltas_of(visit, population.rarity(visit, known), evidence).items():
            total[key] += delta
            known[key] = known.get(key, 0.0) + delta  # so that a value new to all is counted as new once
    return dict(total)


def usual_newcomers(feature: Feature, values: Iterable[str], hours: float) -> dict[str, float | None]:
    """How many newcomers these networks bring in so many hours; None before a day of them has been counted."""
    keys = {value: (population.NEWCOMERS[feature], value) for value in values}
    found = PopulationCount.objects.weights([population.DAYS, *keys.values()])
    daily = {value: population.newcomers(found, key) for value, key in keys.items()}
    return {value: None if each is None else each * hours / 24 for value, each in daily.items()}


def evidence_of(decisions: Iterable[UUID | None]) -> dict[UUID, Evidence]:
    """The frozen numbers of these decisions, by id; left out is what no longer fits today's model."""
    ids = [decision for decision in decisions if decision is not None]
    found: dict[UUID, Evidence] = {}
    for key, stored in DecisionEntry.objects.filter(pk__in=ids).values_list("pk", "inputs__1__evidence"):
        try:
            found[key] = rebuild(Evidence | None, stored, "evidence") or Evidence()
        except CannotRebuild:
            continue
    return found


def labelled(name: str, since: datetime) -> set[UUID]:
    """The sign-ins' decisions that customers answered for in this way, since then."""
    rows = AuditEntry.objects.filter(name=name, at__gte=since, decision__isnull=False)
    return {decision for decision in rows.values_list("decision", flat=True) if decision}


def answers(name: str, watermark: dict[str, str], at: datetime) -> QuerySet[AuditEntry]:
    """The answers of this name that came since the watermark, oldest first."""
    rows = AuditEntry.objects.filter(name=name, at__lte=at - _SETTLED, decision__isnull=False).order_by("at", "pk")
    if watermark:
        rows = rows.filter(at__gte=watermark["at"]).exclude(at=watermark["at"], pk__lte=watermark["entry"])
    return rows


def visit_of(stored: dict[str, Any]) -> Visit:
    """What a session's sign-in showed."""
    names = {item.name for item in fields(Visit)}
    return Visit(**{name: str(value) for name, value in stored.items() if name in names})


def half_after(days: float) -> float:
    """The factor by which everything fades in so many days: as profiles do, so that they stay comparable."""
    return float(0.5 ** (days / DEFAULT.half_life))
