"""Forget what has expired. Alarm clocks: they decide nothing."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.contrib.sessions.models import Session as BrowserSession

from accounts.models import AppBucket, Change, Proof, Session
from ciam_portal.core import clock
from ciam_portal.core.policy import limits

_BATCH = 1000
_KEEP_PROOFS = timedelta(days=7)
_KEEP_LANES = 2 * AppBucket.LONGEST  # none waits for so long


@shared_task(name="accounts.sweep")
def sweep() -> int:
    """Delete expired browser sessions, proofs and buckets, changes that no link can take back any more, and long-ended
    session records, a batch each. The number of rows.
    """  # noqa: D205
    at = clock.now()
    rules = limits.current()
    answerable = timedelta(hours=rules.proof.disown_hours)
    gone = 0
    for rows in (
        BrowserSession.objects.filter(expire_date__lt=at),
        Proof.objects.filter(expires_at__lt=at - _KEEP_PROOFS),
        Change.objects.filter(at__lt=at - answerable),
        Session.objects.filter(expires_at__lt=at - timedelta(days=rules.session.kept_days)),
        AppBucket.objects.filter(last_at__lt=at - _KEEP_LANES),
    ):
        keys: list[Any] = list(rows.values_list("pk", flat=True)[:_BATCH])
        gone += rows.model.objects.filter(pk__in=keys).delete()[0]
    return gone
