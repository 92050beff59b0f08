"""How old a child is where it lives, who answers for it, and what the questions about that are asked with."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from accounts.models import User
from accounts.restrictions.policy import RESTRICTERS
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.roles import Role, roles_of, standing_roles_of
from consent.delegation import facts as delegations
from consent.delegation import lines as delegated
from consent.delegation.policy import has_amount
from consent.delegation.shapes import LIVE, Asked, State
from consent.family import policy
from consent.family.shapes import Asks, Band, Over, What
from consent.family.shipped import AGES
from consent.models import Delegation, Dependant, FamilyRequest, ParentalResponsibility
from consent.purposes import facts as purposes


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
    zone, mine = ZoneInfo(wish.timezone), ParentalResponsibility.objects.live().filter(guardian=guardian)
    return policy.Adding(
        is_self=by.is_self(guardian.pk),
        has_second_step=delegations.has_second_step(guardian),
        is_grown_up=wish.says_adult and not is_minor(guardian, at),
        says_responsible=wish.says_responsible,
        children=mine.count(),
        is_there=mine.filter(child__name=wish.name, child__dependant__born_on=wish.born_on).exists(),
        born_at=policy.begins(wish.born_on, zone),
        consent_at=reached(wish.born_on, wish.country, What.CONSENT, zone, at),
        adult_at=reached(wish.born_on, wish.country, What.MAJORITY, zone, at),
    )


def consenting(row: Delegation, at: datetime, *, says_yes: bool = True) -> policy.Consenting:
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
        says_yes=says_yes,
        others=others(child, row.delegate_id).count(),
    )


def others(child: Dependant, besides: UUID | None) -> QuerySet[ParentalResponsibility]:
    """Who else answers for a child."""
    return ParentalResponsibility.objects.live().of(child.person_id).exclude(guardian=besides)


def is_last_guardian(person: UUID) -> bool:
    """Whether somebody would be left with nobody who answers for them. One statement."""
    mine = ParentalResponsibility.objects.live().filter(guardian=person).values("child")
    others = ParentalResponsibility.objects.staying().exclude(guardian=person).values("child")
    return mine.exclude(child__in=others).exists()


def guarding(
    child: Dependant, me: User, *, waits: bool = False, key: str = "", by: Actor, at: datetime
) -> policy.Guarding:
    """Somebody, and a child that they want to do something about. ``key``: an action that guardians shall do."""
    mine = ParentalResponsibility.objects.live().filter(child=child.person, guardian=me)
    return policy.Guarding(
        is_guardian=by.is_self(me.pk) and mine.exists(),
        is_protected=child.protected_at is not None,
        others=ParentalResponsibility.objects.staying().of(child.person_id).exclude(guardian=me).count(),
        waits=waits,
        is_own=False,
        is_delegable=key in powers(limits.current()),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def powers(rules: limits.Limits) -> list[str]:
    """All that guardians can do for a child at all: what can be delegated, but for payments."""
    return [name for name, _words in delegated.doable(rules) if not has_amount(name, rules)]


def joining(
    request: FamilyRequest, child: Dependant, me: User, by: Actor, at: datetime, *, adult: bool, responsible: bool
) -> policy.Joining:
    """Somebody who answers an invitation."""
    answering = ParentalResponsibility.objects.live().filter(child=child.person)
    return policy.Joining(
        is_theirs=by.is_self(me.pk) and request.mailbox in delegations.mailboxes(me),
        is_open=request.kind == Asks.INVITE and request.state == Asked.OPEN,
        expires_at=request.expires_at,
        is_guardian=me.pk == child.person_id or answering.filter(guardian=me).exists(),
        has_second_step=delegations.has_second_step(me),
        is_grown_up=adult and not is_minor(me, at),
        says_responsible=responsible,
        guardians=answering.count(),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def agreeing(request: FamilyRequest, child: Dependant, me: User, by: Actor, at: datetime) -> policy.Agreeing:
    """A guardian who answers what another one asked for."""
    now = purposes.active(at).get(request.key)
    is_read = now is not None and now.version == request.version and band(child, at) is Band.CHILD
    is_current = is_read if request.kind == Asks.CONSENT else request.kind == Asks.POWER
    answers = ParentalResponsibility.objects.live().filter(child=child.person, guardian=me)
    return policy.Agreeing(
        is_guardian=by.is_self(me.pk) and answers.exists(),
        is_asker=request.asker_id == me.pk,
        is_open=request.state == Asked.OPEN,
        expires_at=request.expires_at,
        is_protected=child.protected_at is not None,
        is_current=is_current,
    )


def handing(found: ParentalResponsibility, child: Dependant, me: User, *, by: Actor, at: datetime) -> policy.Handing:
    """Somebody who has an account handed over to whom it is about."""
    stands = found.until_at is None or found.over == Over.GROWN_UP
    return policy.Handing(
        is_guardian=by.is_self(me.pk) and found.guardian_id == me.pk and stands,
        grew_up_at=found.until_at,
        is_claimed=child.claimed_at is not None,
        is_protected=child.protected_at is not None,
        consent_at=comes_of(child, What.CONSENT, at),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def claiming(child: Dependant, at: datetime, *, is_live: bool) -> policy.Claiming:
    """The young person, and the link that they hold."""
    return policy.Claiming(
        is_live=is_live and child.person.is_open_at(at),
        is_claimed=child.claimed_at is not None,
        consent_at=comes_of(child, What.CONSENT, at),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def aging(child: Dependant, at: datetime) -> policy.Aging:
    """How old they are, and what was written down of it."""
    return policy.Aging(
        known=Band(child.known_as),
        told=Band(child.told_of) if child.told_of else None,
        consent_at=comes_of(child, What.CONSENT, at),
        adult_at=comes_of(child, What.MAJORITY, at),
    )


def renewing(row: Delegation, child: Dependant, by: Actor, at: datetime) -> policy.Renewing:
    """A guardian's delegation, and who lets it go on."""
    return policy.Renewing(
        ends_at=row.ends_at if row.state in LIVE else None,
        adult_at=comes_of(child, What.MAJORITY, at),
        is_claimed=child.claimed_at is not None,
        is_child=by.is_self(child.person_id),
    )


def concerned(child: Dependant) -> tuple[UUID, ...]:
    """The child, and whoever answers or answered for it."""
    guardians = ParentalResponsibility.objects.filter(child=child.person).values_list("guardian", flat=True)
    return (child.person_id, *sorted(set(guardians)))


def staff(person: User) -> policy.Staff:
    """Who of our staff acts."""
    is_desk = bool(RESTRICTERS & roles_of(person))
    return policy.Staff(person.pk, is_desk=is_desk, decides=Role.APPROVER in standing_roles_of(person))
