"""Signals are pushed to a partner's server (RFC 8935): all that waits, in the order in which it happened.

A message of the outbox says only that something waits; so whichever is delivered first brings it all, and one that is
tried again after an outage brings what came meanwhile. One worker pushes to a stream at a time.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from ciam_portal.core import clock, fetch
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.signals import sets
from ciam_portal.signals.models import Signal, Stream

_LONGEST = timedelta(seconds=15)  # for one signal: longer than any request to others takes
_HEADERS = {"Content-Type": f"application/{sets.KIND}", "Accept": "application/json"}


def deliver(notice: Notice, content: dict[str, Any]) -> None:
    """Push what waits. Raises NotNow or OSError if it stays; Undeliverable if the partner refused some of it."""
    key, refused = UUID(content["stream"]), 0
    if Stream.objects.filter(pk=key, partner__is_enabled=False).exists():
        raise channels.NotNow("switched off")
    while _next(key) is not None:
        if not Stream.objects.hold(key, clock.now(), _LONGEST):
            # Whoever holds the stream looks again after letting go of it; unless it died, with this very message.
            if notice.attempts > 1:
                raise channels.NotNow("busy")
            break
        try:
            while (row := _next(key)) is not None:
                Stream.objects.go_on(key, clock.now(), _LONGEST)
                refused += not _pushed(row)
        finally:
            Stream.objects.release(key)
    if refused:
        raise channels.Undeliverable("HTTP 400")


def _next(stream: UUID) -> Signal | None:
    return Signal.objects.waiting(stream, clock.now()).filter(stream__method=Stream.Method.PUSH).first()


def _pushed(row: Signal) -> bool:
    """Whether the partner took it; one that says it will never take it (400) is not asked again."""
    told = sets.tokens([row], clock.now())
    if row not in told:
        return True
    token = told[row]
    status = HTTPStatus.ACCEPTED if token is None else _post(row.stream, token)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES and status != HTTPStatus.BAD_REQUEST:
        raise channels.NotNow(f"HTTP {status}")
    row.delete()
    return status != HTTPStatus.BAD_REQUEST


def _post(stream: Stream, token: str) -> int:
    try:
        return fetch.post(stream.endpoint_url, token.encode(), _HEADERS | stream.headers())
    except fetch.Unreachable as error:
        raise OSError(str(error)) from None
