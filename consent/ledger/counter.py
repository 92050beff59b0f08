"""Uses that repeat one which stands in the ledger already: counted here for a moment, and then written together.

That data is used, by whom and for what, is written before it goes out, the first time in each minute. A process that
is killed takes with it how often it went out again in the last second.
"""

import logging
from collections import Counter
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
_waiting: dict[datetime, tuple[datetime, Counter[Line]]] = {}
"""By minute: the latest use in it, and how many there were."""
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
    minute = _minute(at)
    with _lock:
        is_first = not _waiting
        latest, counted = _waiting.setdefault(minute, (at, Counter()))
        counted.update(lines)
        _waiting[minute] = max(latest, at), counted
    return is_first


def _write() -> None:
    with _lock:
        taken = dict(_waiting)
        _waiting.clear()
    try:
        for minute in list(taken):
            latest, counted = taken[minute]
            Use.objects.note(counted, latest)
            del taken[minute]
    except DatabaseError as error:
        log.warning("repeated uses are not in the ledger yet (%s)", type(error).__name__)
        for latest, counted in taken.values() if main_thread().is_alive() else ():
            count(counted, latest)
    finally:
        connection.close()
