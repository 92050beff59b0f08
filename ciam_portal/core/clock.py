"""The only place that reads the wall clock.

An edge (view, task, command, library hook) reads it once and hands the instant down as ``at``.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return timezone.now()


@contextmanager
def even(beats: int = 1) -> Iterator[None]:
    """Take as long for a stranger as for a customer, also where it raises. Where that is too short, take it twice.

    ``beats``: of so many; where much is to be done, so that a busy machine needs no second time.
    """
    started, step = time.monotonic(), settings.EVEN_SECONDS * beats
    try:
        yield
    finally:
        if step:
            time.sleep(step - (time.monotonic() - started) % step)


def fill(began: float, seconds: float) -> None:
    """Wait until so long has passed since then, on the clock that only goes on."""
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
