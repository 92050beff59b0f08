"""What the nightly jobs found out, kept for the model card; an alert where it matters. No policy is ever changed."""

from dataclasses import asdict
from datetime import datetime

from django.db import connection

from accounts.models import RiskState
from accounts.watch import calibration, drift, events, measures
from accounts.watch.flows import alerts
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits

CALIBRATION, DRIFT = "calibration", "drift"
_DAYS = 30
_TOO_OFTEN = 1.5  # times what it was in the four weeks before


@flow
def calibrate(*, by: Actor, at: datetime) -> calibration.Calibration:
    """Work out the threshold that would meet the target."""
    _take_time()
    found = calibration.measure(limits.current().risk.challenge_target_percent, _DAYS, at)
    RiskState.locked(CALIBRATION).keep(asdict(found), at)
    event = events.Calibrated(sign_ins=found.genuine, today=found.today, suggested=found.suggested)
    record(event, about=None, by=by, at=at)
    return found


@flow
def watch_drift(*, by: Actor, at: datetime) -> drift.Drift:
    """Compare the last week with the weeks before; raise alerts."""
    _take_time()
    found, rules = drift.measure(at), limits.current().risk
    RiskState.locked(DRIFT).keep(asdict(found), at)
    for code, value in found.psi.items():
        if value > rules.drift_psi:
            numbers = {"psi": value, "limit": rules.drift_psi, "before": found.before, "lately": found.lately}
            alerts.raise_once(f"drift.{code}", numbers, by=by, at=at)
    if _risen(found.challenged_before, found.before, found.challenged_lately, found.lately):
        numbers = {
            "percent": round(found.challenge_percent or 0.0, 2), "usual": round(found.usual_percent or 0.0, 2),
            "target": rules.challenge_target_percent, "challenged": found.challenged_lately, "attempts": found.lately,
        }  # fmt: skip
        alerts.raise_once("challenge_rate", numbers, by=by, at=at)
    for code, each in found.newcomers.items():
        if _risen(each.new_before, each.before, each.new_lately, each.lately):
            numbers = {
                "percent": round(100 * each.new_lately / each.lately, 2),
                "usual": round(100 * each.new_before / each.before, 2),
                "attempts": each.lately,
            }
            alerts.raise_once(f"newcomers.{code}", numbers, by=by, at=at)
    record(events.DriftMeasured(before=found.before, lately=found.lately), about=None, by=by, at=at)
    return found


def _risen(before: int, of_before: int, now: int, of_now: int) -> bool:
    """Compared with what is normal here; nobody knows that before there is enough to go by."""
    return min(of_before, of_now) >= drift.LEAST and measures.risen(before, of_before, now, of_now, _TOO_OFTEN)


def _take_time() -> None:
    """A nightly job may read for longer than a page; only in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '80s'")
