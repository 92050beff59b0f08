"""Replays, in bounded batches. Whatever stops one, the sweep goes on where it was; run twice, nothing counts twice."""

import logging
import time
from uuid import UUID

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from ciam_portal.core import clock
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.governance import history
from ciam_portal.governance import replay as replays
from ciam_portal.governance.models import PolicyVersion, Replay

log = logging.getLogger(__name__)

BATCH = 1_000
SECONDS = 60.0
"""Then the next sweep goes on: a task may not last for ever."""


@shared_task(name="governance.replay")
def replay(*, run: str) -> None:
    """Go on with this replay."""
    end = time.monotonic() + SECONDS
    while _batch(UUID(run)) and time.monotonic() < end:
        pass


@shared_task(name="governance.sweep")
def sweep() -> None:
    """Go on with whatever is not finished."""
    for run in Replay.objects.filter(finished_at=None).order_by("asked_at").values_list("pk", flat=True):
        replay(run=str(run))


def nudge(run: UUID) -> None:
    """Begin now rather than with the next sweep. A broker that is away costs seconds, nothing else."""
    try:
        replay.apply_async(kwargs={"run": str(run)}, retry=False)
    except (OperationalError, OSError):
        log.warning("broker unreachable: replay %s begins with the next sweep", run)


@transaction.atomic
def _batch(key: UUID) -> bool:
    """Ask some more decisions; whether there are others. Somebody else at work on it: nothing to do."""
    run = Replay.objects.select_for_update(skip_locked=True).filter(pk=key, finished_at=None).first()
    if run is None:
        return False
    try:
        candidate = PolicyVersion.objects.get(version=run.candidate).limits()
    except UnsafePolicy as error:  # software was replaced meanwhile: it has to be asked for again
        log.warning("a replay is given up: %s", error)
        run.delete()
        return False
    rows = history.batch(run.since, run.before, BATCH)
    report = replays.compare(rows, history.labels_of(row.pk for row in rows), candidate, replays.of_json(run.report))
    run.count(report.as_json(), rows[-1].pk if rows else None, clock.now())
    return bool(rows)
