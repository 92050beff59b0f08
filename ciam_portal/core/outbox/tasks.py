"""Deliver what is due, one message a task; try for days; give up loudly. The row is the truth, a task only a nudge.

Whoever delivers a message holds it, and renews that as long as it takes, so that no other worker sends it meanwhile.
"""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import Error, connection, transaction
from kombu.exceptions import OperationalError

from ciam_portal.core import clock
from ciam_portal.core.outbox import channels, circuit
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.themes import Joined

log = logging.getLogger(__name__)

MAY_BE_SENT = Joined[Callable[..., bool]]()
"""Who is asked at the moment of sending: ``(notice, *, at)``. What was allowed when it was written may be no more."""
STOPS = Joined[Callable[..., str]]()
"""What else stops a message that may be sent, ``(notice, *, at)``: why, as a code; empty if nothing does."""

_BATCH = 200
_GRACE_SECONDS = 10  # from the moment when a delivery is asked to end until it is killed
LOOK_AGAIN_SECONDS = 1.0


def nudge(key: UUID, channel: str) -> None:
    """Ask a worker to deliver now. A broker that is down costs seconds, never the message."""
    task = deliver if channel in Medium.values else deliver_to_machine
    longest = limits.current().notices.delivery_seconds
    end = longest + _GRACE_SECONDS
    try:
        task.apply_async(kwargs={"notice": str(key)}, retry=False, soft_time_limit=longest, time_limit=end)
    except (OperationalError, OSError):
        log.warning("broker unreachable: notice %s waits for the sweep", key)


@shared_task(name="notifications.deliver")
def deliver(*, notice: str) -> None:
    """Deliver one message, if it is due, nobody else holds it, and its carrier may be tried."""
    _deliver(UUID(notice))


@shared_task(name="partners.deliver")
def deliver_to_machine(*, notice: str) -> None:
    """The same for what goes to a partner's server, in a queue of its own."""
    _deliver(UUID(notice))


def _deliver(key: UUID) -> None:
    row = _claim(key)
    if row is None:
        return
    try:
        why = _stopped(row)
        if why:
            row.refuse(why)
            return
        with _held(row):
            channels.send(row)
    except channels.Undeliverable as error:
        circuit.answered(row.carrier)
        row.give_up(Notice.State.REFUSED, str(error))
        log.error("notice %s (%s) is refused for good: %s", row.pk, row.kind, error)  # noqa: TRY400
    except Exception as error:
        # Whatever the carrier's library raised: the message must survive it. Its words may hold the address.
        trouble = _trouble(error)
        log.warning("notice %s (%s) was not delivered, attempt %s: %s", row.pk, row.kind, row.attempts, trouble)
        _again(row, trouble)
        if isinstance(error, channels.NotNow):
            circuit.answered(row.carrier)
        elif isinstance(error, OSError | SoftTimeLimitExceeded):
            circuit.failed(row.carrier)
        if isinstance(error, SoftTimeLimitExceeded):
            raise
    else:
        _keep_in_mind(row)
        circuit.answered(row.carrier)


def _stopped(row: Notice) -> str:
    at = clock.now()
    if not all(may(row, at=at) for may in MAY_BE_SENT):
        return "not permitted"
    return next((why for stop in STOPS if (why := stop(row, at=at))), "")


@shared_task(name="notifications.sweep")
def sweep() -> int:
    """Nudge what no nudge delivered: worker, broker or carrier was down. How many messages.

    A carrier that is left alone gets one, to find out whether it is back.
    """
    at, total = clock.now(), 0
    due = Notice.objects.due(at)
    to_machines = due.exclude(channel__in=Medium.values).order_by().values_list("channel", "kind").distinct()
    for channel, kind in [*((medium.value, "") for medium in Medium), *to_machines]:
        most = 1 if circuit.is_open(kind or channel) else _BATCH
        rows = due.filter(channel=channel, **({"kind": kind} if kind else {}))
        for key in list(rows.values_list("pk", flat=True)[:most]):
            nudge(key, channel)
            total += 1
    return total


@shared_task(name="notifications.forget")
def forget() -> int:
    """Wipe recipient and content of what was kept to be sent again. How many messages."""
    old = clock.now() - timedelta(days=limits.current().notices.kept_days)
    keys = list(Notice.objects.kept().filter(created_at__lt=old).values_list("pk", flat=True)[:_BATCH])
    return Notice.objects.filter(pk__in=keys).update(sealed="")


def _claim(key: UUID) -> Notice | None:
    at = clock.now()
    with transaction.atomic():
        row = Notice.objects.due(at).select_for_update(skip_locked=True).filter(pk=key).first()
        if row is None or not circuit.may_try(row.carrier):
            return None
        row.claim(at, limits.current().notices.claim_seconds)
    return row


@contextmanager
def _held(row: Notice) -> Iterator[None]:
    """Renew the claim as long as this process is at it, and lives."""
    seconds, is_over = limits.current().notices.claim_seconds, threading.Event()

    def renew() -> None:
        while not is_over.wait(seconds / 3):
            try:
                row.hold(clock.now(), seconds)
            except Error:
                log.warning("the claim on notice %s could not be renewed", row.pk)
        connection.close()

    renewing = threading.Thread(target=renew, daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()


def _keep_in_mind(row: Notice) -> None:
    """It is delivered: a database that is away for a moment must not have it sent twice."""
    end = time.monotonic() + limits.current().notices.claim_seconds
    while True:
        try:
            row.delivered(clock.now())
        except Error:
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def _again(row: Notice, trouble: str) -> None:
    rules, at = limits.current().notices, clock.now()
    if at >= (row.tried_until or row.created_at + timedelta(days=rules.retry_days)):
        row.give_up(Notice.State.GIVEN_UP, trouble)
        log.error("notice %s (%s) given up after %s attempts", row.pk, row.kind, row.attempts)
        return
    doubled = timedelta(seconds=rules.retry_seconds * 2 ** min(row.attempts - 1, 20))
    row.postpone(at + min(doubled, timedelta(minutes=rules.longest_wait_minutes)), trouble)


def _trouble(error: Exception) -> str:
    """What kind of fault; for one of ours, where."""
    if isinstance(error, channels.NotNow | channels.Unreachable):
        return str(error)
    if isinstance(error, OSError | SoftTimeLimitExceeded):
        return type(error).__name__
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {Path(place.filename).name}:{place.lineno}"[:64]
