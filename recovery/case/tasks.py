"""Recoveries that wait, and what is to be reviewed. Alarm clocks: they tell and end, no more."""

import logging

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from recovery.case.flows import wait
from recovery.contacts.flows import review
from recovery.models import Case

log = logging.getLogger(__name__)

_BATCH = 500


@shared_task(name="recovery.sweep")
def sweep() -> int:
    """End recoveries that lead nowhere any more, and tell of those that can be finished. The number of rows touched."""
    at, by, touched = clock.now(), Actor.system(), 0
    for case in Case.objects.live().select_related("customer").order_by("opened_at").iterator(chunk_size=_BATCH):
        try:
            if wait.is_over(case, at):
                wait.expire(case, by=by, at=at)
                touched += 1
            elif case.told_ready_at is None and wait.is_ready(case, at):
                wait.say_ready(case, by=by, at=at)
                touched += 1
        except Refused:  # it moved on between the look and the lock
            log.info("recovery %s moved on before the sweep came to it", case.pk)
    return touched


@shared_task(name="recovery.remind")
def remind() -> int:
    """Remind customers, once a year, of where their recovery goes. How many."""
    at, by, told = clock.now(), Actor.system(), 0
    for customer in review.due(at).iterator(chunk_size=_BATCH):
        try:
            review.remind(customer, by=by, at=at)
            told += 1
        except Refused:  # it changed between the look and the lock
            log.info("nothing to remind customer %s of any more", customer.pk)
    return told
