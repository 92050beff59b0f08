"""How old a child is where it lives, who answers for it, and what the questions about that are asked with."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from consent.delegation import facts as delegations
from consent.delegation.shapes import State
from consent.family import policy
from consent.family.shapes import Band, What
from consent.family.shipped import AGES
from consent.models import Delegation, Dependant, ParentalResponsibility


@dataclass(frozen=True, slots=True)
class Wish:
    """A child that somebody wants to add, as they say it."""

    name: str
    born_on: date
    country: str
    timezone: str
    says_adult: bool = False
    says_responsible: bool = False


def reached(born_on: date, country: str, what: What, zone: ZoneInfo, at: datetime) -> datetime:
    """When they are old enough, by the rule of this country that holds on this day."""
    age = policy.rule(AGES, country, what, at.astimezone(zone).date()).age
    return policy.reached(born_on, age, zone)


def comes_of(child: Dependant, what: What, at: datetime) -> datetime:
    """The same of somebody we know."""
    return reached(child.born_on, child.country, what, child.person.zone, at)


def band(child: Dependant, at: datetime) -> Band:
    """What they are at this moment."""
    return policy.band(comes_of(child, What.CONSENT, at), comes_of(child, What.MAJORITY, at), at)


def is_minor(person: User, at: datetime) -> bool:
    """Whether we know that somebody is not grown up."""
    known = Dependant.objects.select_related("person").filter(person=person).first()
    return known is not None and band(known, at) is not Band.ADULT


def adding(guardian: User, wish: Wish, *, by: Actor, at: datetime) -> policy.Adding:
    """Somebody and the child that they want to add; they are locked."""
    zone = ZoneInfo(wish.timezone)
    return policy.Adding(
        is_self=by.is_self(guardian.pk),
        has_second_step=delegations.has_second_step(guardian),
        is_grown_up=wish.says_adult and not is_minor(guardian, at),
        says_responsible=wish.says_responsible,
        children=ParentalResponsibility.objects.live().filter(guardian=guardian).count(),
        born_at=policy.begins(wish.born_on, zone),
        consent_at=reached(wish.born_on, wish.country, What.CONSENT, zone, at),
        adult_at=reached(wish.born_on, wish.country, What.MAJORITY, zone, at),
    )


def consenting(row: Delegation, at: datetime) -> policy.Consenting:
    """Whoever acts by this delegation, and the child."""
    child = Dependant.objects.select_related("person").filter(person=row.owner_id).first()
    answers = ParentalResponsibility.objects.live().filter(delegation=row, guardian=row.delegate_id)
    if child is None or row.state != State.ACTIVE or not answers.exists():
        return policy.Consenting()
    return policy.Consenting(
        is_guardian=True,
        is_protected=child.protected_at is not None,
        consent_at=comes_of(child, What.CONSENT, at),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def is_last_guardian(person: UUID) -> bool:
    """Whether somebody would be left with nobody who answers for them. One statement."""
    mine = ParentalResponsibility.objects.live().filter(guardian=person).values("child")
    others = ParentalResponsibility.objects.live().exclude(guardian=person).values("child")
    return mine.exclude(child__in=others).exists()
