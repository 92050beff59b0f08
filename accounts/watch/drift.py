"""Does the score still see what it was made for? The last week beside the four weeks before it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.baseline import population
from accounts.watch import measures
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.visit import Feature

LATELY, BEFORE = timedelta(days=7), timedelta(days=28)
LEAST = 200
"""Sign-ins that each window must have; with fewer, chance alone looks like drift."""
LEAST_SEGMENT = 30
NEWCOMERS = (Feature.DEVICE, Feature.COUNTRY, Feature.ASN)
"""Features of which it is watched how often a new value is shown."""
_SOON = timedelta(hours=72)
_EDGES = [-8.0, -4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0]  # nats, between the bins
_LEVELS = len(Risk) + 1

# Each attempt once: what was allowed after a challenge had been assessed before.
_ATTEMPTS = """
SELECT at > %(split)s AS lately, risk, answer, detail, contributions, inputs->1->'evidence' AS seen
FROM audit_decisionentry
WHERE action = 'sign_in' AND at > %(start)s AND at <= %(end)s
  AND NOT (answer = 'allow' AND coalesce(risk, %(challenge)s) >= %(challenge)s)
"""
_PARTS = f"""
SELECT lately, part->>0, width_bucket((part->>1)::float8, %(edges)s), count(*)
FROM ({_ATTEMPTS}) AS attempt, jsonb_array_elements(contributions) AS part GROUP BY 1, 2, 3
"""  # noqa: S608  (our own words only)
_RISKS = f"""
SELECT lately, coalesce(risk, {_LEVELS - 1}), count(*),
       count(*) FILTER (WHERE answer <> 'allow' AND (answer <> 'step_up' OR (detail->>'challenge')::boolean))
FROM ({_ATTEMPTS}) AS attempt GROUP BY 1, 2
"""  # noqa: S608  (as above)
_NEW = f"""
SELECT lately, feature.name, count(*) FILTER (WHERE (seen->feature.name->>'new')::boolean), count(*)
FROM ({_ATTEMPTS}) AS attempt, unnest(%(features)s::text[]) AS feature (name)
WHERE seen->feature.name->>'new' IS NOT NULL GROUP BY 1, 2
"""  # noqa: S608  (as above)
# Held and denied, and how many of these seem to have been the customer: a dispute found so, or it came with a device
# key of theirs and they came in soon after, which they did not disown.
_TURNED_AWAY = """
SELECT stopped.answer, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM accounts_dispute AS dispute
    WHERE dispute.decision = stopped.id AND dispute.outcome IN ('mistaken', 'recognized')
) OR (stopped.inputs->1->>'device')::int > %(no_key)s AND EXISTS (
    SELECT FROM audit_auditentry AS entered
    WHERE entered.name = 'sign_in.completed' AND entered.about = stopped.about
      AND entered.at > stopped.at AND entered.at <= stopped.at + %(soon)s
      AND NOT EXISTS (SELECT FROM audit_auditentry AS label
                      WHERE label.name = 'activity.not_me' AND label.decision = entered.decision)
))
FROM audit_decisionentry AS stopped
WHERE stopped.action = 'sign_in' AND stopped.answer IN ('hold', 'deny') AND stopped.at > %(start)s
  AND stopped.at <= %(end)s
GROUP BY 1
"""
_SEGMENTS = """
WITH label AS (
    SELECT decision, bool_or(name = 'activity.not_me') AS disowned FROM audit_auditentry
    WHERE name IN ('activity.was_me', 'activity.not_me') AND at > %(start)s AND decision IS NOT NULL GROUP BY decision
), entered AS (
    SELECT decision.risk, label.disowned, session.country, session.visit->>'kind' AS kind,
           (decision.inputs->1->'evidence'->>'history')::float8 AS history,
           (decision.inputs->1->'evidence'->>'gap')::float8 / 86400 AS days
    FROM audit_auditentry AS done JOIN audit_decisionentry AS decision ON decision.id = done.decision
    LEFT JOIN accounts_session AS session ON session.decision = decision.id AND session.customer_id = decision.about
    LEFT JOIN label ON label.decision = decision.id
    WHERE done.name = 'sign_in.completed' AND done.at > %(start)s AND done.at <= %(end)s
      AND decision.action = 'sign_in'
)
SELECT segment.dimension, segment.value, count(*),
       count(*) FILTER (WHERE coalesce(risk, %(challenge)s) >= %(challenge)s),
       count(*) FILTER (WHERE NOT disowned),
       count(*) FILTER (WHERE NOT disowned AND coalesce(risk, %(challenge)s) >= %(challenge)s)
FROM entered CROSS JOIN LATERAL (VALUES
    ('all', 'all'),
    ('how often', CASE WHEN coalesce(history, 0) = 0 THEN 'first or not known' WHEN days <= 1.5 THEN 'daily'
        WHEN days <= 5 THEN 'several days' WHEN days <= 10 THEN 'weekly' WHEN days <= 35 THEN 'several weeks'
        ELSE 'rarer' END),
    ('country', coalesce(nullif(country, ''), 'not known')),
    ('device', coalesce(nullif(kind, ''), 'not known'))
) AS segment (dimension, value)
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """Completed sign-ins of one kind; "genuine" are those that their owners confirmed."""

    dimension: str
    value: str
    sign_ins: int
    challenged: int
    genuine: int
    genuine_challenged: int


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Attempts that showed a value of one feature which was new to their customer, of those that showed any."""

    new_before: int = 0
    before: int = 0
    new_lately: int = 0
    lately: int = 0


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Sign-ins that were held or denied, and how many of these seem to have been the customer."""

    held: int = 0
    falsely_held: int = 0
    denied: int = 0
    falsely_denied: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found. Without enough sign-ins in a window, ``psi`` is empty."""

    until: str
    before: int
    lately: int
    challenged_before: int
    challenged_lately: int
    psi: dict[str, float] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    newcomers: dict[str, Newcomers] = field(default_factory=dict)
    away: TurnedAway = TurnedAway()
    labels: dict[str, int] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        """Whether both windows say something."""
        return min(self.before, self.lately) >= LEAST

    @property
    def challenge_percent(self) -> float | None:
        """The share of the last week's attempts that were asked for more because of their risk, held or denied."""
        return 100 * self.challenged_lately / self.lately if self.lately else None

    @property
    def usual_percent(self) -> float | None:
        """The same share in the four weeks before: what is normal here, whatever the target is."""
        return 100 * self.challenged_before / self.before if self.before else None


def measure(at: datetime) -> Drift:
    """Look at the attempts of both windows, and at who came in during the last 30 days."""
    features = [feature.value for feature in NEWCOMERS]
    window = _window(at - LATELY - BEFORE, at) | {"split": at - LATELY, "edges": _EDGES, "features": features}
    new: defaultdict[str, dict[str, int]] = defaultdict(dict)
    levels = {False: [0] * _LEVELS, True: [0] * _LEVELS}
    challenged = {False: 0, True: 0}
    parts: defaultdict[str, dict[bool, list[int]]] = defaultdict(
        lambda: {False: [0] * (len(_EDGES) + 2), True: [0] * (len(_EDGES) + 2)}
    )
    with connection.cursor() as cursor:
        cursor.execute(_RISKS, window)
        for lately, risk, number, asked in cursor:
            levels[lately][risk] += number
            challenged[lately] += asked
        cursor.execute(_PARTS, window)
        for lately, code, place, number in cursor:
            parts[code][lately][place] += number
        cursor.execute(_NEW, window)
        for lately, code, hits, number in cursor:
            when = "lately" if lately else "before"
            new[code] |= {f"new_{when}": hits, when: number}
    before, now = sum(levels[False]), sum(levels[True])
    newcomers = {code: Newcomers(**counts) for code, counts in sorted(new.items())}
    found = Drift(
        at.isoformat(), before, now, challenged[False], challenged[True], segments=segments(at), newcomers=newcomers,
        away=turned_away(at), labels=labels(at),
    )  # fmt: skip
    if found.is_enough:
        found.psi["level"] = round(measures.psi(levels[False], levels[True]), 4)
        for code in (feature.value for feature in Feature if feature.value in parts):
            for lately, total in ((False, before), (True, now)):  # the last bin: the model had nothing to compare
                parts[code][lately][-1] = total - sum(parts[code][lately])
            found.psi[code] = round(measures.psi(parts[code][False], parts[code][True]), 4)
    return found


def segments(at: datetime, days: int = 30) -> tuple[Segment, ...]:
    """Challenge rates by kind of customer; kinds so rare that they might point at somebody are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS, _window(at - timedelta(days=days), at))
        rows = [Segment(*row) for row in cursor]
    return tuple(row for row in rows if row.sign_ins >= LEAST_SEGMENT or row.dimension == "all")


def turned_away(at: datetime, days: int = 30) -> TurnedAway:
    """Who was held or denied at the sign-in in so many days, and how many of these it seems to have been wrong for."""
    words: dict[str, Any] = {"start": at - timedelta(days=days), "end": at, "no_key": int(Trust.NONE), "soon": _SOON}
    with connection.cursor() as cursor:
        cursor.execute(_TURNED_AWAY, words)
        found = {answer: (number, falsely) for answer, number, falsely in cursor}
    return TurnedAway(*found.get("hold", (0, 0)), *found.get("deny", (0, 0)))


def labels(at: datetime, days: int = 30) -> dict[str, int]:
    """How many sign-ins their owners confirmed and disowned."""
    since = at - timedelta(days=days)
    return {name: len(population.labelled(name, since)) for name in (population.WAS_ME, population.NOT_ME)}


def _window(start: datetime, end: datetime) -> dict[str, Any]:
    row = limits.current().actions[Action.SIGN_IN]
    return {"start": start, "end": end, "challenge": int(row.challenge_from or Risk.SEVERE)}
