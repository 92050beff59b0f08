"""What every flow of a business begins with: the business is locked, then what somebody acts by, then that they belong.

In this order, so that a member who ends it on their own page and an owner who changes it wait for each other.
"""

from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.business import lines
from consent.business.models import Business, BusinessMember
from consent.business.policy import Reason
from consent.delegation.flows import life
from consent.delegation.shapes import Kind, Terms
from consent.models import Delegation


def managing(
    business: UUID, owner: User, session: Session, *, by: Actor, at: datetime
) -> tuple[Business, User, Session]:
    """It, locked, once the owner has shown that it is them. Raises ProveMore, OnHold or Refused."""
    owner, session = permitted(Action.CREATE_DELEGATION, owner, session, by=by, at=at)
    return held(business), owner, session


def held(business: UUID) -> Business:
    """It as it stands. Raises Refused if it is gone."""
    rows = Business.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    found = rows.filter(pk=business).first()
    if found is None:
        raise Refused(Reason.NOT_AN_OWNER)
    return found


def member(business: Business, key: UUID) -> tuple[BusinessMember, Delegation | None]:
    """One of its members, and by what they act. Raises Refused if they are none."""
    seen = BusinessMember.objects.filter(business=business, pk=key).select_related("delegation").first()
    delegation = life.held(seen.delegation) if seen is not None and seen.delegation is not None else None
    rows = BusinessMember.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    found = rows.filter(business=business, pk=key).first()
    if found is None:
        raise Refused(Reason.NOT_A_MEMBER)
    found.business = business
    return found, delegation


def of_person(business: Business, person: UUID) -> tuple[BusinessMember, Delegation | None]:
    """The same, by who it is."""
    seen = BusinessMember.objects.members().filter(business=business, person=person).first()
    if seen is None:
        raise Refused(Reason.NOT_A_MEMBER)
    return member(business, seen.pk)


def terms(business: Business, role: str) -> Terms:
    """What a role of this business lets somebody do. Raises Refused if there is none such."""
    found = lines.terms(business.pk, role, limits.current())
    if found is None:
        raise Refused(Reason.NO_ROLE)
    return found


def let(
    row: BusinessMember, person: User, what: Terms, session: UUID, *, by: Actor, at: datetime, decision: UUID | None
) -> Delegation:
    """From now on they act for the business, by a delegation like any other."""
    made = Delegation(
        owner=row.business.account,
        kind=Kind.MEMBER,
        delegate=person,
        made_at=at,
        starts_at=at,
        ends_at=longest(at),
        session=session,
    )
    made.take(what)
    life.begin(made, by=by, at=at, decision=decision)
    return made


def longest(at: datetime) -> datetime:
    """Until when a role is given: as long as anything lasts, then an owner renews it or it is over."""
    return at + timedelta(days=limits.current().delegation.longest_days)
