"""What is over is forgotten, and the audit grows into its tree. Alarm clocks: what is over, each model says itself."""

import logging

from celery import shared_task

from ciam_portal.core import clock, retention
from ciam_portal.core.audit import months
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.tree import sealer
from ciam_portal.core.audit.tree.stored import Torn

log = logging.getLogger(__name__)

_SECONDS = 60.0  # of one run: the next one goes on, and what is left after it too
_SEALING_SECONDS = 4.0  # the same, of what is begun every few seconds


@shared_task(name="retention.forget")
def forget() -> int:
    """Forget what is over, but for the audit. The number of rows."""
    return retention.forget(clock.now(), _SECONDS)


@shared_task(name="retention.months")
def audit_months() -> int:
    """Make the audit's next months and drop those that are over. How many were dropped."""
    months.make()
    return months.drop(by=Actor.system(), at=clock.now())


@shared_task(name="audit.seal")
def seal() -> int:
    """Rows of the audit that wait become leaves of its tree. How many; none, if somebody has torn it."""
    try:
        return sealer.seal_all(_SEALING_SECONDS, clock.now())
    except Torn as error:
        log.error("the audit's tree is torn (manage.py verify_audit): %s", error)  # noqa: TRY400  (it says it all)
        return 0
