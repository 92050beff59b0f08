"""Uses that repeat one which stands in the ledger already: counted here for a moment, and then written together.

That the data is used, by whom and for what, was written before it went out the first time. A process that is killed
takes with it how often it went out again in the last second.
"""

import logging
from collections import Counter
from datetime import datetime
from threading import Lock, Timer, main_thread

from django.db import DatabaseError, connection

from consent.ledger.shapes import Line
from consent.models import Use

log = logging.getLogger(__name__)

SECONDS = 1.0
_lock = Lock()
_waiting: dict[datetime, tuple[datetime, Counter[Line]]] = {}
"""By minute: the latest use in it, and how many there were."""


def count(lines: Counter[Line], at: datetime) -> None:
    """Once more; in the ledger within a second, or when the database answers again."""
    if _count(lines, at):
        Timer(SECONDS, _write).start()  # a process that ends in order waits for it


def _count(lines: Counter[Line], at: datetime) -> bool:
    minute = at.replace(second=0, microsecond=0)
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
