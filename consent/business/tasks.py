"""The clock of businesses. An alarm clock: what is due, the flow decides again."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.business import flows
from consent.business.models import BusinessMember, BusinessRemoval

_BATCH = 500


@shared_task(name="business.sweep")
def sweep() -> int:
    """Invitations that nobody answered are over; removals that nobody objected to in time are carried out. How many."""
    at, number = clock.now(), 0
    removals = BusinessRemoval.objects.due(at).select_related("who", "by").order_by("pk")[:_BATCH]
    due = [(flows.carry_out, each) for each in removals if flows.is_due(each, at)]
    invited = BusinessMember.objects.due(at).select_related("business").order_by("pk")[:_BATCH]
    for verb, row in [*due, *((flows.lapse, each) for each in invited)]:
        try:
            verb(row, by=Actor.system(), at=at)  # type: ignore[operator]  # each with its own kind of row
        except Refused:  # meanwhile it is not
            continue
        number += 1
    return number
