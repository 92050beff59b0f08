"""Roles of a business's own: a change reaches everybody who has it, at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Session, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from consent.business import events, facts, policy
from consent.business.flows import holding, news
from consent.business.models import Business, BusinessMember, BusinessRole
from consent.business.policy import Reason
from consent.delegation import facts as delegations
from consent.delegation.flows import life
from consent.delegation.shapes import LIVE, Terms
from consent.models import Delegation


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a role is called and lets its holders do. ``role``: which it is to be; None: a new one."""

    name: str
    terms: Terms
    role: UUID | None = None


@flow
def save(business: Business, wanted: Wanted, owner: User, session: Session, *, by: Actor, at: datetime) -> BusinessRole:
    """An owner makes a role, or changes one. Raises ProveMore, OnHold or Refused."""
    business, owner, session = holding.managing(business.pk, owner, session, by=by, at=at)
    own, terms = BusinessRole.objects.filter(business=business), wanted.terms
    row = own.filter(pk=wanted.role).first() if wanted.role else BusinessRole(business=business, made_at=at)
    if row is None:
        raise Refused(Reason.NO_ROLE)
    held = _held(business, row.pk)
    has_it = any(each.delegate_id == owner.pk and not terms.within(each.terms) for each in held)
    saving = policy.Saving(
        roles=own.exclude(pk=row.pk).count(), terms=terms, widens_own=has_it and facts.others(business, owner) > 0
    )
    who = facts.manager(business, owner, by, at)
    decision = require(policy.may_save_role, who, saving, about=business.pk, by=by, at=at)
    row.take(wanted.name, terms)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Refused(Reason.SAME_NAME) from None
    for each in held:
        life.alter(each, terms, each.ends_at, by=by, at=at, decision=decision)
    said = {"role": row.pk, "holders": len(held)}
    news.note(events.RoleSaved, business, None, said, by=by, at=at, decision=decision)
    news.tell_owners("role_saved", business, who=wanted.name, by=by, at=at)
    return row


@flow
def drop(role: BusinessRole, owner: User, *, by: Actor, at: datetime) -> None:
    """An owner drops one that nobody has. Raises Refused."""
    business = holding.held(role.business_id)
    holders = BusinessMember.objects.filter(business=business, role=str(role.pk)).there().count()
    who = facts.manager(business, owner, by, at)
    require(policy.may_drop_role, who, holders, about=business.pk, by=by, at=at)
    news.note(events.RoleDropped, business, None, {"role": role.pk}, by=by, at=at)
    BusinessRole.objects.filter(pk=role.pk).delete()


def _held(business: Business, role: UUID) -> list[Delegation]:
    """What is let by it, locked."""
    rows = BusinessMember.objects.members().filter(business=business, role=str(role), delegation__isnull=False)
    keys = list(rows.values_list("delegation", flat=True))
    return list(delegations.with_people(life.locked()).filter(pk__in=keys, state__in=LIVE).order_by("pk"))
