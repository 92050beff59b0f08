"""Deletions: reminded of, begun when they are due, carried out. An alarm clock: the flows decide."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from celery import shared_task
from django.db import DatabaseError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from consent.erasure import flows, policy
from consent.erasure.models import Deletion

log = logging.getLogger(__name__)

_BATCH = 100
_SECONDS = 60.0  # then the next run goes on


@shared_task(name="erasure.sweep")
def sweep() -> int:
    """Tell those whose deletion is near, begin what is due, go on with what has begun. How many were finished."""
    at, by, end = clock.now(), Actor.system(), time.monotonic() + _SECONDS
    waiting = Deletion.objects.waiting().order_by("due_at")
    near = policy.reminded_until(at, limits.current())
    for deletion in waiting.filter(reminded_at=None, due_at__lte=near, due_at__gt=at)[:_BATCH]:
        _one(flows.remind, deletion, by=by, at=at)
    # Those that something stands in the way of stay first in line; they hold nobody up.
    due = (each for each in waiting.filter(due_at__lte=at).iterator(_BATCH) if flows.is_due(each, at))
    for deletion in islice(due, _BATCH):
        _one(flows.begin, deletion, by=by, at=at)
    done = 0
    for deletion in Deletion.objects.begun().order_by("began_at")[:_BATCH]:
        done += bool(_one(flows.go_on, deletion, by=by, at=at, seconds=max(0.0, end - time.monotonic())))
    return done


def _one(
    verb: Callable[..., bool | None], deletion: Deletion, *, by: Actor, at: datetime, **more: float
) -> bool | None:
    """What it returns; one that fails stops no other."""
    try:
        return verb(deletion, by=by, at=at, **more)
    except Refused:  # it was kept between the look and the lock
        log.info("deletion %s does not wait any more", deletion.pk)
    except DatabaseError:
        log.exception("deletion %s could not go on", deletion.pk)
    return None
