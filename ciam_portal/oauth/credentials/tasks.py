"""What ends soon, and who is not used. Alarm clocks: what is due, the flows decide again."""

import logging

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.credentials import flows

log = logging.getLogger(__name__)

_BATCH = 500


@shared_task(name="partners.remind")
def remind() -> int:
    """Owners hear that what their partners prove themselves with ends. How many messages."""
    at, by, told = clock.now(), Actor.system(), 0
    for credential in flows.ending(at).select_related("partner").iterator(chunk_size=_BATCH):
        if flows.reminders_due(credential, at) > credential.reminded:
            try:
                flows.remind(credential, by=by, at=at)
                told += 1
            except Refused:  # it changed between the look and the lock
                log.info("credential %s needs no reminder any more", credential.pk)
    return told


@shared_task(name="partners.switch_off_unused")
def switch_off_unused() -> int:
    """Partners that nobody used for long are switched off. How many."""
    at, by, off = clock.now(), Actor.system(), 0
    for partner in flows.unused(at).iterator(chunk_size=_BATCH):
        try:
            flows.switch_off(partner, by=by, at=at)
            off += 1
        except Refused:  # it was used between the look and the lock
            log.info("partner %s is used again", partner.pk)
    return off
