"""The only place that reads the wall clock.

An edge (view, task, command, library hook) reads it once and hands the instant down as ``at``.
"""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return timezone.now()
