"""What happened to a business is recorded for each side of it, and told to every owner. Parts of flows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from consent.business import notices
from consent.business.events import Side
from consent.business.models import Business, BusinessMember


def note(
    event: Callable[..., AuditEvent],
    business: Business,
    member: UUID | None,
    more: Mapping[str, object] | None = None,
    *,
    by: Actor,
    at: datetime,
    decision: UUID | None = None,
) -> None:
    """A row for the business, for whom it is about (None: nobody yet), and for the customer who did it."""
    said: dict[str, Any] = {"business": business.pk, **(more or {})}
    record(event(**said, side=Side.BUSINESS, other=member), about=business.pk, by=by, at=at, decision=decision)
    if member is not None:
        mine = event(**said, side=Side.MEMBER, other=business.pk)
        record(mine, about=member, by=by, at=at, decision=decision)
    if by.kind is ActorKind.CUSTOMER and by.id not in {None, member}:
        theirs = event(**said, side=Side.OWNER, other=member or business.pk)
        record(theirs, about=by.id, by=by, at=at, decision=decision)


def tell_owners(
    what: str,
    business: Business,
    *,
    at: datetime,
    who: str = "",
    by: Actor | None = None,
    until: datetime | None = None,
) -> None:
    """By mail, each of them in their own language and zone."""
    rows = BusinessMember.objects.members().filter(business=business, owner_since__isnull=False)
    is_person = by is not None and by.kind is ActorKind.CUSTOMER
    doer = User.objects.filter(pk__in=[by.id]).first() if is_person and by is not None else None
    for owner in rows.select_related("person").order_by("pk"):
        if owner.person is not None:
            notice = notices.ForOwner(
                what=what,
                business=business.account.name,
                who=who,
                by=doer.called if doer else "",
                when=owner.person.local(at),
                until=owner.person.local(until) if until else "",
                link=links.absolute("consent:business", str(business.pk)),
            )
            tell(owner.person, notice, to=addresses.proven(owner.person), at=at)


def tell_member(what: str, business: Business, person: User, *, at: datetime) -> None:
    """The same to whom it is about."""
    notice = notices.ForMember(
        what=what,
        business=business.account.name,
        when=person.local(at),
        link=links.absolute("consent:businesses"),
    )
    tell(person, notice, to=addresses.proven(person), at=at)


def invite(row: BusinessMember, owner: User, until: datetime, asked: Asked, *, at: datetime) -> None:
    """To the invited address; it never says whether anybody has an account with it."""
    link = links.absolute("consent:business_invitation", str(row.pk))
    notice = notices.Invitation(who=owner.called, until=owner.local(until), link=link)
    tell(owner, notice, to=[row.invited], at=at, asked=asked)
