"""What runs by itself about signals."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.signals import flows


@shared_task(name="partners.push_what_waits")
def push_what_waits() -> int:
    """Signals that came due, or that nothing speaks of any more, are pushed. To how many streams."""
    return flows.push_what_waits(clock.now())
