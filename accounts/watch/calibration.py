"""Which threshold would challenge no more genuine sign-ins than an operator wants? A report; it changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from accounts.baseline import population
from accounts.watch import measures
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy import limits
from ciam_portal.core.risk.parameters import LIMITS

MOST = 200_000
"""Sign-ins looked at, the latest ones."""

# Completed sign-ins with the decision that let them in. "anyway": challenged whatever the score, because of the browser
# or a finding.
_COMPLETED = """
SELECT decision.id, decision.score,
       (decision.inputs->1->>'device')::int < %s
       OR EXISTS (SELECT FROM jsonb_array_elements(decision.findings) AS finding WHERE (finding->>1)::float8 >= %s)
FROM audit_auditentry AS entered JOIN audit_decisionentry AS decision ON decision.id = entered.decision
WHERE entered.name = 'sign_in.completed' AND entered.at > %s AND entered.at <= %s
  AND decision.action = 'sign_in' AND decision.score IS NOT NULL
ORDER BY entered.at DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found. ``suggested`` None: there is too little to go by, or the target cannot be met by the score."""

    since: str
    until: str
    target_percent: float
    today: float
    genuine: int
    challenged_today: int
    challenged_anyway: int
    suggested: float | None
    suggested_low: float | None
    suggested_high: float | None
    challenged_then: int | None
    challenged_then_low: float | None
    challenged_then_high: float | None
    takeovers: int
    stopped_today: int
    stopped_then: int | None
    says: str


def measure(target_percent: float, days: int, at: datetime) -> Calibration:
    """Look at the sign-ins of so many days. Disowned ones count as takeovers, all other completed ones as genuine."""
    since, rules = at - timedelta(days=days), limits.current().risk
    disowned = population.labelled(population.NOT_ME, since)
    genuine: list[float] = []
    bad: list[tuple[float, bool]] = []
    anyway = 0
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETED, [int(Trust.NEW), LIMITS.moderate, since, at, MOST])
        for key, score, is_anyway in cursor:
            if key in disowned:
                bad.append((score, is_anyway))
            elif is_anyway:
                anyway += 1
            else:
                genuine.append(score)
    found = measures.threshold(genuine, anyway, target_percent)
    total = len(genuine) + anyway
    share = measures.interval(found.challenged, total) if found else (None, None)
    return Calibration(
        since=since.isoformat(),
        until=at.isoformat(),
        target_percent=target_percent,
        today=rules.moderate_score,
        genuine=total,
        challenged_today=anyway + sum(score >= rules.moderate_score for score in genuine),
        challenged_anyway=anyway,
        suggested=found.score if found else None,
        suggested_low=found.low if found else None,
        suggested_high=found.high if found else None,
        challenged_then=found.challenged if found else None,
        challenged_then_low=share[0],
        challenged_then_high=share[1],
        takeovers=len(bad),
        stopped_today=_stopped(bad, rules.moderate_score),
        stopped_then=_stopped(bad, found.score) if found else None,
        says=_sentence(total, anyway, target_percent, found, rules.high_score),
    )


def _stopped(bad: list[tuple[float, bool]], score: float) -> int:
    return sum(is_anyway or each >= score for each, is_anyway in bad)


def _sentence(total: int, anyway: int, target: float, found: measures.Threshold | None, high_score: float) -> str:
    if not measures.enough(total, target):
        return f"Too little data: {total} genuine sign-ins with a score. Nothing is suggested."
    if found is None:
        return f"New browsers and findings alone challenge {anyway} of {total}: no score can meet the target."
    if found.score >= high_score:
        return "The suggestion lies above risk.high_score, which would have to rise with it."
    return "Set risk.moderate_score to the suggestion if its cost in stopped takeovers is acceptable."
