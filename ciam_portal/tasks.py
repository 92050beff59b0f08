"""What is over is forgotten. Alarm clocks: what is over, each model says itself."""

from celery import shared_task

from ciam_portal.core import clock, retention
from ciam_portal.core.audit import months
from ciam_portal.core.audit.actor import Actor

_SECONDS = 60.0  # of one run: the next one goes on, and what is left after it too


@shared_task(name="retention.forget")
def forget() -> int:
    """Forget what is over, but for the audit. The number of rows."""
    return retention.forget(clock.now(), _SECONDS)


@shared_task(name="retention.months")
def audit_months() -> int:
    """Make the audit's next months and drop those that are over. How many were dropped."""
    months.make()
    return months.drop(by=Actor.system(), at=clock.now())
