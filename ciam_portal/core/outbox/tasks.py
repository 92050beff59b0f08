"""Deliver what is due; retry; give up loudly. The row is the truth, a task only a nudge."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from ciam_portal.core import clock
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits

log = logging.getLogger(__name__)

_BATCH = 200
_LONGEST_WAIT = timedelta(hours=1)


def nudge(key: UUID) -> None:
    """Ask a worker to deliver now. A broker that is down costs seconds, never the message."""
    try:
        deliver.apply_async(kwargs={"notice": str(key)}, retry=False)
    except (OperationalError, OSError):
        log.warning("broker unreachable: notice %s waits for the sweep", key)


@shared_task(name="notifications.deliver")
def deliver(*, notice: str) -> None:
    """Deliver one message, if it is due and nobody else holds it."""
    row = _claim(UUID(notice))
    if row is None:
        return
    try:
        channels.send(row)
    except Exception:
        # Whatever the carrier's library raised: the message must survive it.
        log.exception("notice %s (%s) was not delivered, attempt %s", row.pk, row.kind, row.attempts)
        _again(row)
    else:
        row.delivered(clock.now())


@shared_task(name="notifications.sweep")
def sweep() -> int:
    """Deliver what no nudge delivered: the worker, the broker or the carrier was down. The number of messages tried."""
    keys = list(Notice.objects.due(clock.now()).values_list("pk", flat=True)[:_BATCH])
    for key in keys:
        deliver(notice=str(key))
    return len(keys)


def _claim(key: UUID) -> Notice | None:
    at = clock.now()
    with transaction.atomic():
        row = Notice.objects.due(at).select_for_update(skip_locked=True).filter(pk=key).first()
        if row is not None:
            row.claim(at, limits.current().notices.claim_seconds)
    return row


def _again(row: Notice) -> None:
    rules = limits.current().notices
    if row.attempts >= rules.attempts:
        row.give_up()
        log.error("notice %s (%s) given up after %s attempts", row.pk, row.kind, row.attempts)
        return
    wait = min(timedelta(seconds=rules.retry_seconds * 2 ** (row.attempts - 1)), _LONGEST_WAIT)
    row.postpone(clock.now(), int(wait.total_seconds()))
