"""Watch risk. Alarm clocks: each loads what is due and calls a flow; run twice, they find nothing more to do."""

from datetime import timedelta

from celery import shared_task

from accounts.baseline import flows as learning
from accounts.budgets import facts as outbound
from accounts.models import Session
from accounts.watch import bursts
from accounts.watch.flows import alerts, reassess, reports
from ciam_portal.core import clock, network
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.tree import nightly
from ciam_portal.core.outbox import watch as outbox
from ciam_portal.core.policy import limits
from ciam_portal.core.risk.parameters import LIMITS
from ciam_portal.core.risk.visit import Feature

AUDIT_CHANGED = "audit.changed"
_BATCHES = 10
_VERIFYING_SECONDS = 40.0  # of one night


@shared_task(name="risk.learn_population")
def learn_population() -> int:
    """Teach the population what sign-ins showed, a bounded number of batches; unlearn what was disowned."""
    at, by = clock.now(), Actor.system()
    learning.unlearn_disowned(by=by, at=at)
    total = 0
    for _ in range(_BATCHES):
        if not learning.is_due(at):
            break
        total += learning.learn_population(by=by, at=at)
    return total


@shared_task(name="risk.fade_population")
def fade_population() -> float:
    """Let what is usual for everybody fade."""
    return learning.fade_population(by=Actor.system(), at=clock.now())


@shared_task(name="risk.look_again")
def look_again() -> int:
    """Look at recent sign-ins once more, together; the number of sessions whose risk rose."""
    at, by = clock.now(), Actor.system()
    start = at - timedelta(hours=limits.current().risk.look_back_hours)
    crowded = bursts.crowds_since(start, at)
    for feature in Feature:
        numbers = bursts.numbers_of(crowded, feature)
        if numbers["points"] >= LIMITS.high:
            alerts.raise_once(f"burst.{feature.value}", numbers, by=by, at=at)
    rows = bursts.open_sessions(start, at)
    if numbers := bursts.attacking(rows, at):
        alerts.raise_once("attack.address", numbers, by=by, at=at)
    found = bursts.findings_of(rows, crowded)
    return sum(_reassess(row, found, by=by) for row in rows if row.pk in found)


def _reassess(session: Session, found: bursts.Found, *, by: Actor) -> bool:
    at = clock.now()
    if not reassess.would_change(session, found[session.pk], at=at):
        return False
    reassess.reassess(session, found[session.pk], by=by, at=at)
    return True


@shared_task(name="risk.calibrate")
def calibrate() -> None:
    """Work out what the threshold would have to be. A report: nobody's policy is changed."""
    reports.calibrate(by=Actor.system(), at=clock.now())


@shared_task(name="risk.watch_drift")
def watch_drift() -> None:
    """Compare the last week with the weeks before, and raise an alert if habits or rates have changed."""
    reports.watch_drift(by=Actor.system(), at=clock.now())


@shared_task(name="risk.watch_proxies")
def watch_proxies() -> None:
    """Raise an alert if hardly any request comes by the proxies that the settings name."""
    if numbers := network.CHAIN.misfit():
        alerts.raise_once("proxies", numbers, by=Actor.system(), at=clock.now())


@shared_task(name="risk.watch_outbox")
def watch_outbox() -> None:
    """Raise an alert if messages wait too long, nobody gets them, or no more text messages go."""
    at = clock.now()
    for trouble, numbers in outbox.troubles(at).items():
        alerts.raise_once(f"outbox.{trouble}", numbers, by=Actor.system(), at=at)
    for limit, numbers in outbound.troubles(at).items():
        alerts.raise_once(f"outbound.{limit}", numbers, by=Actor.system(), at=at)


@shared_task(name="audit.verify")
def verify_audit() -> int:
    """Raise an alert if rows of the audit are not as they were written. How many."""
    at, by = clock.now(), Actor.system()
    faults = nightly.look(_VERIFYING_SECONDS, by=by, at=at)
    if faults:
        alerts.raise_once(AUDIT_CHANGED, {"rows": faults}, by=by, at=at)
    return faults
