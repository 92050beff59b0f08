"""The clock of requests. An alarm clock: what is due, the flow decides again."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from consent.models import Request
from consent.rights import flows

_BATCH = 500


@shared_task(name="rights.remind")
def remind() -> int:
    """Staff hear of requests that nobody has answered for long. How many."""
    at = clock.now()
    due = list(Request.objects.to_remind(at).order_by("due_at")[:_BATCH])
    return flows.remind(due, by=Actor.system(), at=at) if due else 0
