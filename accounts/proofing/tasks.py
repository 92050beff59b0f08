"""The clock of proofs of identity: what is due, the flow decides again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.db.models import QuerySet

from accounts.models import IdentityCheck, IdentityEvidence
from accounts.proofing.flows import checks, evidence
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits

_BATCH = 200


@shared_task(name="proofing.sweep")
def sweep() -> int:
    """Checks that nobody went on with end, and customers are told of evidence that ends. How many."""
    at = clock.now()
    soon = at + timedelta(days=limits.current().proofing.reminder_days)
    due = IdentityEvidence.objects.there(at).filter(expires_at__lte=soon, reminded_at__isnull=True, waits=False)
    late = IdentityCheck.objects.overdue(at)
    return _each(checks.expire, late, at) + _each(evidence.remind, due, at)


def _each(verb: Callable[..., None], rows: QuerySet[Any], at: datetime) -> int:
    number = 0
    for row in rows.order_by("pk")[:_BATCH]:
        try:
            verb(row, by=Actor.system(), at=at)
        except Refused:  # meanwhile it is not
            continue
        number += 1
    return number
