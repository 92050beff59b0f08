"""The clock of delegations. An alarm clock: what is due, the flow decides again."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.delegation import flows
from consent.models import Delegation, DelegationRequest

_BATCH = 500


@shared_task(name="delegation.sweep")
def sweep() -> int:
    """What is over is said to be so, and what nobody answered; who has to be reminded is. How many."""
    at, by, number = clock.now(), Actor.system(), 0
    due = (
        (flows.expire, Delegation.objects.due(at)),
        (flows.remind, Delegation.objects.to_remind(at)),
        (flows.lapse, DelegationRequest.objects.due(at)),
    )
    for verb, rows in due:
        for row in rows.order_by("pk")[:_BATCH]:
            try:
                verb(row, by=by, at=at)  # type: ignore[arg-type]  (each with rows of its own)
                number += 1
            except Refused:  # meanwhile it is not
                continue
    return number
