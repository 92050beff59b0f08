"""What is left to do about agents. Alarm clocks: what is due, the flows decide again."""

import logging

from celery import shared_task

from ciam_portal.core import clock, fetch
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.oauth.documents import flows as documents
from ciam_portal.oauth.documents import reading, shapes
from ciam_portal.oauth.models import Partner
from consent.agents import facts
from consent.permission import flows as permission

log = logging.getLogger(__name__)

_BATCH = 500
_GONE = {404, 410}


@shared_task(name="consent.end_retired")
def end_retired() -> int:
    """What customers let apps do that are off for good ends, one by one; nothing of it works already. How many."""
    at, number = clock.now(), 0
    for consent in facts.left_over()[:_BATCH]:
        try:
            permission.withdraw(consent, by=Actor.system(), at=at)
            number += 1
        except Refused:  # its customer was quicker
            continue
    return number


@shared_task(name="partners.read_documents")
def read_documents() -> int:
    """Agents that nobody registered, and that act for somebody, are read about again. How many are gone, or others."""
    at, number = clock.now(), 0
    for agent in facts.to_read_again(at)[:_BATCH]:
        try:
            number += _read_again(agent)
        except Refused:  # staff were quicker
            continue
    return number


def _read_again(agent: Partner) -> bool:
    """Whether it is no longer what it was. A host that does not answer says nothing."""
    at, by = clock.now(), Actor.system()
    try:
        return documents.take(reading.read(agent.client_id), by=by, at=at) != agent
    except fetch.Unreachable as error:
        if error.status not in _GONE:
            log.warning("the document of agent %s: %s", agent.pk, error)
            return False
    except shapes.Unfit as error:
        log.warning("the document of agent %s: %s", agent.pk, error)
    documents.gone(agent, by=by, at=at)
    return True
