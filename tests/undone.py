"""Many cases in one world: what each does to the database is taken back before the next."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    """One case: it finds the database as it was, and nothing counted; what it writes is gone after it."""
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
