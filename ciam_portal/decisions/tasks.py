"""Forgets approvals that have expired."""

from datetime import timedelta

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.decisions.models import Approval

_BATCH = 1000
_KEEP = timedelta(days=1)  # so that a second use is recognised as one, and not as an invented approval


@shared_task(name="decisions.sweep")
def sweep() -> int:
    """Delete one batch of approvals long past their end. The number of rows."""
    old = Approval.objects.filter(expires_at__lt=clock.now() - _KEEP)
    keys = list(old.values_list("pk", flat=True)[:_BATCH])
    return Approval.objects.filter(pk__in=keys).delete()[0] if keys else 0
