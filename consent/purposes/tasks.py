"""Whether purposes are as two people approved them. An alarm clock: run twice, it finds nothing more to do."""

from celery import shared_task

from accounts.watch.flows import alerts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from consent.purposes.models import PurposeVersion
from consent.purposes.policy import State


@shared_task(name="consent.look_at_purposes")
def look_at_purposes() -> int:
    """Staff hear of each that was edited and is not retired; intact ones move to the key that is used. How many."""
    at, by, edited = clock.now(), Actor.system(), 0
    for version in PurposeVersion.objects.select_related("purpose"):
        if version.is_intact:
            version.seal_anew()
        elif version.state != State.RETIRED:
            edited += 1
            alerts.raise_once(f"purpose.{version.purpose.key}", {"version": version.number}, by=by, at=at)
    return edited
