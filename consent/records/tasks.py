"""What ends, and what is announced to end. An alarm clock: what is due, the flows decide again.

Nothing waits for it: whether a yes counts is asked of the clock at every use.
"""

import logging
from datetime import timedelta
from itertools import groupby

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from consent.models import Consent, ConsentRecord
from consent.permission import flows as connections
from consent.records import facts, flows

log = logging.getLogger(__name__)

_BATCH = 500


@shared_task(name="consent.expire")
def expire() -> int:
    """Write down what time or a new text has ended. How many."""
    at, by, ended = clock.now(), Actor.system(), 0
    for each in facts.due(at, _BATCH):
        try:
            if each.connection is None:
                flows.expire(each, by=by, at=at)
            else:
                connections.lose(Consent(pk=each.connection), by=by, at=at)
            ended += 1
        except Refused:  # it was said again between the look and the lock, or it fell with another one
            log.info("what record %s says still counts, or is written down", each.pk)
    return ended


@shared_task(name="consent.announce")
def announce() -> int:
    """Tell everybody whose yes ends soon, each once. How many people."""
    at, days = clock.now(), limits.current().consent.announce_days
    soon = ConsentRecord.objects.ending(until=at + timedelta(days=days)).filter(announced_at=None, expires_at__gt=at)
    batch = soon.select_related("subject", "recipient", "version").order_by("subject", "expires_at")[:_BATCH]
    told = 0
    for customer, ending in groupby(batch, key=lambda each: each.subject):
        flows.announce(customer, list(ending), days, by=Actor.system(), at=at)
        told += 1
    return told
