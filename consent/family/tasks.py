"""The clock of families. An alarm clock: what is due, the flows decide again."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from celery import shared_task

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow
from consent.delegation.shapes import LIVE, Asked, Kind
from consent.family import facts, flows, policy
from consent.family.shapes import Band
from consent.models import Delegation, Dependant, FamilyRequest

_BATCH = 500
Verb = tuple[Callable[..., None], object]


@shared_task(name="family.sweep")
def sweep() -> int:
    """Who comes of age, whose guardians go on, and what nobody answered. How many."""
    at, number = clock.now(), 0
    for verb, row in (*_aging(at), *_renewing(at), *_lapsing(at)):
        try:
            verb(row, by=Actor.system(), at=at)
        except Refused:  # meanwhile it is not
            continue
        number += 1
    return number


def _aging(at: datetime) -> Iterator[Verb]:
    """By date, whoever is near any of the ages: the table says which it is where they live."""
    youngest = at.date() - timedelta(days=12 * 365)
    known = Dependant.objects.select_related("person").exclude(known_as=Band.ADULT)
    for child in known.filter(born_on__lte=youngest).order_by("pk").iterator():
        asked, rules = facts.aging(child, at), limits.current()
        if isinstance(policy.may_grow(asked, limits=rules, at=at), Allow):
            yield flows.coming.grow, child
        elif isinstance(policy.may_announce(asked, limits=rules, at=at), Allow):
            yield flows.coming.announce, child


def _renewing(at: datetime) -> Iterator[Verb]:
    soon = at + timedelta(days=limits.current().delegation.reminder_days)
    ending = Delegation.objects.filter(kind=Kind.GUARDIAN, state__in=LIVE, ends_at__lte=soon, ends_at__gt=at)
    unclaimed = Dependant.objects.filter(claimed_at=None).values("person")
    for row in ending.filter(owner__in=unclaimed).order_by("pk")[:_BATCH]:
        yield flows.coming.renew, row


def _lapsing(at: datetime) -> Iterator[Verb]:
    for request in FamilyRequest.objects.filter(state=Asked.OPEN, expires_at__lte=at).order_by("pk")[:_BATCH]:
        yield flows.lapse, request
