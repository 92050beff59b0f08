"""What runs by itself about partners. Alarm clocks: what is due, the flows say."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.oauth.signing import flows


@shared_task(name="signing.tend")
def tend_signing_keys() -> int:
    """Make the next key ahead of time, put the last one away. How many."""
    return flows.tend(at=clock.now())
