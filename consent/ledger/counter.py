"""Uses that repeat one which stands in the ledger already: counted here for a moment, and then written together.

That data is used, by whom and for what, is written before it goes out, the first time in each minute. A process that
is killed takes with it how often it went out again in the last second.
"""

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import Lock, Timer, main_thread

from django.db import DatabaseError, connection

from ciam_portal.core import grounds
from consent.ledger.shapes import Line
from consent.models import Use

log = logging.getLogger(__name__)

SECONDS = 1.0
_MOST = 100_000
_lock = Lock()


@dataclass(slots=True)
class _Again:
    """So many times more, the latest at this instant."""

    lines: Counter[Line]
    latest: datetime
    times: int = 0


_waiting: dict[datetime, dict[int, _Again]] = {}
"""By minute, and by who counts: the same lines are the very same object, so that none is compared for each use."""
_written: dict[datetime, set[Line]] = {}
"""What this process has written in this minute."""


def note(lines: Counter[Line], at: datetime) -> None:
    """These were used or refused at this instant. At most one statement; raises DatabaseError: then nothing may go."""
    minute = _minute(at)
    is_new = not lines.keys() <= _written.get(minute, frozenset())
    if is_new:
        Use.objects.note(lines, at)
        if not connection.in_atomic_block:  # what may yet be undone is not there
            _remember(minute, lines)
    else:
        count(lines, at)
    grounds.uses(partial(count, lines), statements=int(is_new))


def count(lines: Counter[Line], at: datetime) -> None:
    """Once more; in the ledger within a second, or when the database answers again."""
    if lines and _count(lines, at):
        Timer(SECONDS, _write).start()  # a process that ends in order waits for it


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _remember(minute: datetime, lines: Counter[Line]) -> None:
    with _lock:
        if minute not in _written or len(_written[minute]) > _MOST:
            _written.clear()
        _written.setdefault(minute, set()).update(lines)


def _count(lines: Counter[Line], at: datetime) -> bool:
    with _lock:
        is_first = not _waiting
        again = _waiting.setdefault(_minute(at), {}).setdefault(id(lines), _Again(lines, at))
        again.times += 1
        again.latest = max(again.latest, at)
    return is_first


def _write() -> None:
    with _lock:
        taken = dict(_waiting)
        _waiting.clear()
    try:
        for minute in list(taken):
            Use.objects.note(*_together(taken[minute].values()))
            del taken[minute]
    except DatabaseError as error:
        log.warning("repeated uses are not in the ledger yet (%s)", type(error).__name__)
        for again in taken.values() if main_thread().is_alive() else ():
            count(*_together(again.values()))
    finally:
        connection.close()


def _together(again: Collection[_Again]) -> tuple[Counter[Line], datetime]:
    counted: Counter[Line] = Counter()
    for each in again:
        counted.update({line: number * each.times for line, number in each.lines.items()})
    return counted, max(each.latest for each in again)
