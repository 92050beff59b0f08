"""Whatever is done about a child takes the lock on it first, so that two guardians never pass each other."""

from datetime import datetime
from uuid import UUID

from ciam_portal.core.errors import Refused
from consent.delegation.flows import life
from consent.delegation.shapes import LIVE
from consent.family.policy import Reason
from consent.family.shapes import Over
from consent.models import Delegation, Dependant, Membership, ParentalResponsibility


def child(person: UUID) -> Dependant:
    """A child as it stands, locked. Raises Refused if there is none."""
    found = Dependant.objects.select_for_update(of=("self",)).select_related("person").filter(person=person).first()
    if found is None:
        raise Refused(Reason.NOT_YOURS)
    return found


def children_of(guardian: UUID) -> None:
    """All for whom somebody answers, locked."""
    mine = ParentalResponsibility.objects.live().filter(guardian=guardian).values("child")
    list(Dependant.objects.select_for_update(of=("self",)).filter(person__in=mine).order_by("pk"))


def rows(found: Dependant) -> list[Delegation]:
    """By what its guardians act, locked."""
    mine = ParentalResponsibility.objects.live().filter(child=found.person).exclude(delegation=None)
    live = Delegation.objects.filter(responsibility__in=mine, state__in=LIVE).order_by("pk")
    return [life.held(each) for each in live]


def over(responsibility: ParentalResponsibility, why: Over, at: datetime) -> None:
    """It is over, and the child belongs to that guardian's family no longer, unless it grew up in it."""
    responsibility.end(why, at)
    if why is Over.GROWN_UP:
        return
    theirs = Membership.objects.filter(family__guardian=responsibility.guardian_id, person=responsibility.child_id)
    theirs.filter(until_at=None).update(until_at=at)
