"""What runs by itself about sessions."""

from celery import shared_task

from accounts.sessions import flows
from ciam_portal.core import clock

_BATCH = 500


@shared_task(name="partners.tell_of_ends")
def tell_of_ends() -> int:
    """Partners hear of sessions that ran out. How many messages."""
    return flows.tell_of_those_that_ran_out(clock.now(), _BATCH)
