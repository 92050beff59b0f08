"""Forgets codes and tokens that have expired."""

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.oauth import tokens

BATCH = 500
_ROUNDS = 20


@shared_task(name="oauth.sweep")
def sweep() -> int:
    """Delete expired rows in small batches, so that nobody waits for a lock. The number of rows."""
    at, total = clock.now(), 0
    for _ in range(_ROUNDS):
        gone = tokens.sweep(at, BATCH)
        total += gone
        if not gone:
            break
    return total
