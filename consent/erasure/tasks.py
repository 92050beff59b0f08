"""Deletions: reminded of, begun when they are due, carried out. An alarm clock: the flows decide."""

import logging
import time
from collections.abc import Callable

from celery import shared_task

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
        _if_it_still_waits(flows.remind, deletion)
    for deletion in waiting.filter(due_at__lte=at)[:_BATCH]:
        if flows.is_due(deletion, at):
            _if_it_still_waits(flows.begin, deletion)
    done = 0
    for deletion in Deletion.objects.begun().order_by("began_at")[:_BATCH]:
        done += flows.go_on(deletion, by=by, at=at, seconds=max(0.0, end - time.monotonic()))
    return done


def _if_it_still_waits(verb: Callable[..., None], deletion: Deletion) -> None:
    try:
        verb(deletion, by=Actor.system(), at=clock.now())
    except Refused:  # it was kept between the look and the lock
        log.info("deletion %s does not wait any more", deletion.pk)
