"""What nobody used for long. An alarm clock: what is due, the flow decides again."""

import logging
from collections import Counter
from uuid import UUID

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.models import Partner
from consent.models import Consent
from consent.permission import flows

log = logging.getLogger(__name__)

_BATCH = 500


@shared_task(name="consent.lapse")
def lapse() -> int:
    """Connections that nobody used for long end; the apps' owners hear how many. How many in all."""
    at, by, ended = clock.now(), Actor.system(), Counter[UUID]()
    for consent in Consent.objects.unused(at).order_by("pk")[:_BATCH]:
        try:
            flows.lapse(consent, by=by, at=at)
            ended[consent.partner_id] += 1
        except Refused:  # it was used between the look and the lock
            log.info("consent %s is used again", consent.pk)
    for partner in Partner.objects.filter(pk__in=ended):
        flows.tell_of_lapsed(partner, ended[partner.pk], by=by, at=at)
    return ended.total()
