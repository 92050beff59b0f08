"""Passwords from elsewhere with which nobody came. An alarm clock: the flow decides."""

from celery import shared_task

from accounts.moving.flows import unseen
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor

_BATCH = 200


@shared_task(name="accounts.end_unseen")
def end_unseen() -> int:
    """End some; the next run goes on. How many."""
    return unseen.end_unseen(_BATCH, by=Actor.system(), at=clock.now())
