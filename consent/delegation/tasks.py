"""The clock of delegations. An alarm clock: what is due, the flow decides again."""

from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.db.models import QuerySet

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.delegation import flows
from consent.models import Delegation, DelegationRequest

_BATCH = 500


@shared_task(name="delegation.sweep")
def sweep() -> int:
    """What is over is said to be so, and what nobody answered; who has to be reminded is. How many."""
    at = clock.now()
    due: tuple[tuple[Callable[..., None], QuerySet[Any]], ...] = (
        (flows.expire, Delegation.objects.due(at)),
        (flows.remind, Delegation.objects.to_remind(at)),
        (flows.lapse, DelegationRequest.objects.due(at)),
    )
    number = 0
    for verb, rows in due:
        for row in rows.order_by("pk")[:_BATCH]:
            try:
                verb(row, by=Actor.system(), at=at)
            except Refused:  # meanwhile it is not
                continue
            number += 1
    return number
