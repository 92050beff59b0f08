"""The clock of what agents ask. An alarm clock: what is due, the flow decides again."""

from contextlib import suppress

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.approvals import flows
from consent.models import ApprovalRequest

_BATCH = 500


@shared_task(name="approvals.sweep")
def sweep() -> int:
    """What nobody answered in time is said to be so, to the agent too. How many were looked at."""
    at = clock.now()
    rows = list(ApprovalRequest.objects.overdue(at).order_by("expires_at")[:_BATCH])
    for row in rows:
        with suppress(Refused):  # meanwhile somebody said so
            flows.lapse(row, by=Actor.system(), at=at)
    return len(rows)
