"""What the questions about a business ask, read from its rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.roles import standing_roles_of
from consent.business import policy
from consent.business.models import Business, BusinessMember, BusinessRemoval, MemberQuerySet
from consent.business.shapes import Removal, Stands
from consent.delegation import facts as delegations
from consent.delegation.shapes import Terms
from consent.erasure import facts as erasure

_A_DAY = timedelta(hours=24)


@erasure.NEEDED.join
def is_last_owner(person: UUID) -> bool:
    """Whether a business that is open would be without an owner."""
    theirs = BusinessMember.objects.owners().filter(person=person, business__account__erase_at=None)
    others = BusinessMember.objects.owners().filter(business=OuterRef("business")).exclude(person=person)
    return theirs.exclude(Exists(others)).exists()


def members(business: UUID) -> MemberQuerySet:
    """All who are, or are invited; each with all that is read of them."""
    rows = BusinessMember.objects.filter(business=business).there().select_related("person", "delegation__owner")
    return rows.select_related("delegation__delegate", "delegation__agent").order_by(
        F("owner_since").asc(nulls_last=True), "made_at", "pk"
    )


def mine(person: User) -> MemberQuerySet:
    """By which somebody belongs to businesses, each read with it."""
    rows = BusinessMember.objects.members().filter(person=person).select_related("business__account", "delegation")
    return rows.order_by("made_at", "pk")


def membership(business: UUID, person: UUID) -> BusinessMember | None:
    """By which this person belongs to it."""
    found = BusinessMember.objects.members().filter(business=business, person=person)
    return found.select_related("person", "business__account").first()


def manager(business: Business, person: User, by: Actor, at: datetime) -> policy.Manager:
    """Somebody as they would look after it."""
    owner = BusinessMember.objects.owners().filter(business=business, person=person).exists()
    return policy.Manager(
        is_owner=owner and by.is_self(person.pk),
        has_second_step=owner and delegations.has_second_step(person),
        business_open=business.account.is_open_at(at),
    )


def member(row: BusinessMember, by: Actor) -> policy.Member:
    """A member, and how many owners there would be without them."""
    others = BusinessMember.objects.owners().filter(business=row.business_id).exclude(pk=row.pk).count()
    return policy.Member(
        stands=Stands(row.stands),
        is_owner=row.is_owner,
        is_self=row.person_id is not None and by.is_self(row.person_id),
        has_second_step=row.person is not None and delegations.has_second_step(row.person),
        others=others,
        is_asked=row.removals.open().exists(),
    )


def founding(person: User, by: Actor, at: datetime) -> policy.Founding:
    """Somebody who would begin one."""
    return policy.Founding(
        is_self=by.is_self(person.pk),
        is_open=person.is_open_at(at),
        has_second_step=delegations.has_second_step(person),
        owned=BusinessMember.objects.members().filter(person=person, owner_since__isnull=False).count(),
    )


def inviting(business: Business, owner: User, address: str, terms: Terms, at: datetime) -> policy.Inviting:
    """Whoever reads an address, as far as owners know already. Whether there is an account with it is not asked."""
    rows = BusinessMember.objects.filter(business=business)
    box = reader(address)
    known = rows.there().filter(Q(mailbox=box) | Q(person__email=address))
    return policy.Inviting(
        is_own=box in addresses.mailboxes(owner),
        is_there=known.exists(),
        members=rows.there().count(),
        today=rows.filter(made_at__gt=at - _A_DAY).count(),
        terms=terms,
    )


def invited_today(owner: User, at: datetime) -> list[datetime]:
    """When somebody was invited by whoever looks after what they do, and when they invited others, within a day."""
    mine = BusinessMember.objects.members().filter(person=owner, owner_since__isnull=False).values("business")
    rows = BusinessMember.objects.filter(business__in=mine, made_at__gt=at - _A_DAY).exclude(person=owner)
    return [*rows.values_list("made_at", flat=True), *delegations.offered_today(owner, at)]


def answering(row: BusinessMember, person: User, by: Actor, at: datetime) -> policy.Answering:
    """An invitation and who answers it."""
    there = BusinessMember.objects.members().filter(business=row.business_id, person=person)
    return policy.Answering(
        stands=Stands(row.stands),
        is_theirs=by.is_self(person.pk) and row.mailbox in delegations.mailboxes(person),
        is_there=there.exists(),
        business_open=row.business.account.is_open_at(at),
        person_open=person.is_open_at(at),
        has_second_step=delegations.has_second_step(person),
        expires_at=row.expires_at,
    )


def case(row: BusinessRemoval, rules: Limits, at: datetime) -> policy.Case:
    """A removal as it stands."""
    owners = {each.pk: each for each in BusinessMember.objects.owners().filter(business=row.business_id)}
    others = [each for each in owners.values() if each.pk not in {row.who_id, row.by_id}]
    rested = [each for each in others if each.owner_since and policy.has_rested(each.owner_since, rules, at)]
    return policy.Case(
        state=Removal(row.state),
        by=row.by.person_id,
        who=row.who.person_id,
        by_stands=row.by_id in owners,
        who_stands=row.who.is_owner,
        others=len(rested),
        ready_at=row.ready_at,
        agreed=row.agreed_by is not None and any(each.person_id == row.agreed_by for each in others),
        proposed_by=row.proposed_by,
    )


def owner(business: UUID, by: Actor) -> policy.Owner:
    """Who acts, as an owner; they themselves, or nobody."""
    found = BusinessMember.objects.owners().filter(business=business, person=by.id).first()
    return policy.Owner(by.id, found.owner_since) if found and by.on_behalf_of is None else policy.Owner()


def helper(row: BusinessRemoval, person: User) -> policy.Helper:
    """One of the staff."""
    party = BusinessMember.objects.filter(business=row.business_id, person=person).exists()
    return policy.Helper(person.pk, tuple(sorted(standing_roles_of(person))), is_party=party)


def others(business: Business, person: User) -> int:
    """How many owners it has beside this one."""
    return BusinessMember.objects.owners().filter(business=business).exclude(person=person).count()


def removal(business: UUID, key: UUID) -> BusinessRemoval | None:
    """One of this business's."""
    found = BusinessRemoval.objects.filter(business=business, pk=key)
    return found.select_related("who__person", "by__person").first()


def removals(business: Business, mine: BusinessMember, me: User) -> list[dict[str, Any]]:
    """Those that wait, as one of its owners reads them; others read of none."""
    if not mine.is_owner:
        return []
    rows = BusinessRemoval.objects.open().filter(business=business).select_related("who__person", "by__person")
    return [
        {
            "row": row,
            "who": row.who.person.called if row.who.person else "",
            "by": row.by.person.called if row.by.person else "",
            "until": me.local(row.ready_at),
            "is_about_me": row.who_id == mine.pk,
            "is_by_me": row.by_id == mine.pk,
            "objected": row.state == Removal.OBJECTED,
        }
        for row in rows.order_by("asked_at")
    ]
