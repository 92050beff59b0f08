"""Accounts that nobody proved go. An alarm clock: the flow decides."""

import time

from celery import shared_task

from accounts.account import flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor

_BATCH = 200
_SECONDS = 60.0  # then the next run goes on


@shared_task(name="accounts.forget_unproven")
def forget_unproven() -> int:
    """Remove accounts whose address nobody has proven in time. How many."""
    at, by, total = clock.now(), Actor.system(), 0
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        gone = flows.remove_never_proven(_BATCH, by=by, at=at)
        total += gone
        if gone < _BATCH:
            break
    return total
