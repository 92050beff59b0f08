"""Say when held sign-ups are late. An alarm clock: people decide."""

from celery import shared_task

from accounts.models import HeldSignUp
from accounts.watch.flows import alerts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor


@shared_task(name="accounts.watch_held")
def watch_held() -> int:
    """Raise an alert while any wait longer than their applicants were told. How many."""
    at = clock.now()
    late = HeldSignUp.objects.open().filter(due_at__lte=at)
    numbers = {"held": late.count(), "lines": late.first_of_each().count()}
    if numbers["held"]:
        alerts.raise_once("sign_ups.late", numbers, by=Actor.system(), at=at)
    return numbers["held"]
