"""Copies are made in the background. The row is the truth: whatever stops a worker, another begins anew."""

import logging
from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from consent.export import archive, flows
from consent.models import Export

log = logging.getLogger(__name__)

_LONGEST = 1800  # seconds that one may take
_GRACE_SECONDS = 10  # from the moment when it is asked to end until it is killed
_BATCH = 100


def nudge(key: UUID) -> None:
    """Begin now rather than with the next sweep. A broker that is away costs seconds, nothing else."""
    try:
        make.apply_async(kwargs={"export": str(key)}, retry=False)
    except (OperationalError, OSError):
        log.warning("broker unreachable: export %s begins with the next sweep", key)


@shared_task(name="export.make", soft_time_limit=_LONGEST, time_limit=_LONGEST + _GRACE_SECONDS)
def make(*, export: str) -> None:
    """Make this copy, if nobody else does."""
    found = flows.begin(UUID(export), clock.now())
    if found is None:
        return
    try:
        rows, size = archive.write(found, found.customer, clock.now)
        flows.finish(found, rows, size, by=Actor.system(), at=clock.now())
    except (archive.Lost, Refused):
        log.info("export %s is not this worker's any more", found.pk)


@shared_task(name="export.sweep")
def sweep() -> int:
    """Have made what nobody makes: its worker died, or no nudge reached one. How many."""
    keys = list(Export.objects.waiting(clock.now()).order_by("asked_at").values_list("pk", flat=True)[:_BATCH])
    for key in keys:
        nudge(key)
    return len(keys)
