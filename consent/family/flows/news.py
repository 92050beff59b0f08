"""Whoever answers for a child is told what became of it. Parts of flows."""

from datetime import datetime
from uuid import UUID

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from consent.family import notices
from consent.models import Dependant, FamilyRequest, ParentalResponsibility


def tell_one(what: str, who: User, *, until: datetime | None = None, at: datetime) -> None:
    """One person."""
    link = links.absolute("consent:family")
    notice = notices.News(what, who.local(at), who.local(until) if until else "", link)
    tell(who, notice, to=addresses.proven(who), at=at)


def tell_guardians(
    what: str, child: Dependant, *, besides: UUID | None = None, until: datetime | None = None, at: datetime
) -> None:
    """Whoever answers for the child now, but for whoever did it."""
    for each in ParentalResponsibility.objects.live().of(child.person_id).exclude(guardian=besides):
        tell_one(what, each.guardian, until=until, at=at)


def invite(request: FamilyRequest, asked: Asked, *, at: datetime) -> None:
    """To the invited address. Whether anybody has an account with it, it never says."""
    asker, link = request.asker, links.absolute("consent:family_request", str(request.pk))
    notice = notices.Invitation(spelled_out(asker.email), asker.local(request.expires_at), link)
    tell(asker, notice, to=[request.invited], at=at, asked=asked)
