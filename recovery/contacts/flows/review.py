"""Once a year customers are reminded of where their recovery goes: addresses get lost, and people drift apart."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.customer import addresses as accounts
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.words import masked
from recovery.contacts import events, policy
from recovery.models import Contact, RecoveryAddress, Review
from recovery.news import notices


def due(at: datetime) -> QuerySet[User]:
    """Who may have to be reminded; the flow asks again, under lock."""
    old = at - timedelta(days=limits.current().recovery.review_days)
    mine = {"customer": OuterRef("pk")}
    known = Exists(RecoveryAddress.objects.kept().filter(**mine, proven_at__lte=old))
    trusted = Exists(Contact.objects.kept().filter(**mine, accepted_at__lte=old))
    lately = Exists(Review.objects.filter(**mine, reminded_at__gt=old))
    return User.objects.filter(Q(known) | Q(trusted), ~Q(lately), is_active=True).order_by("pk")


@flow
def remind(customer: User, *, by: Actor, at: datetime) -> None:
    """Say who and what it is, enough to recognise each. Raises Refused if there is nothing to say yet."""
    customer = User.objects.locked(customer.pk)
    places = list(RecoveryAddress.objects.kept().filter(customer=customer).order_by("proven_at"))
    people = list(Contact.objects.kept().filter(customer=customer, accepted_at__isnull=False).order_by("accepted_at"))
    last = Review.objects.filter(customer=customer).values_list("reminded_at", flat=True).first()
    begun = [*(item.proven_at for item in places), *(item.accepted_at for item in people if item.accepted_at)]
    since = (last or min(begun)) if begun else None
    require(policy.may_remind, since, about=customer.pk, by=by, at=at)
    Review.objects.update_or_create(customer=customer, defaults={"reminded_at": at})
    record(events.Reminded(addresses=len(places), contacts=len(people)), about=customer.pk, by=by, at=at)
    notice = notices.RecoveryReview(
        addresses=tuple(masked(item.address) for item in places),
        contacts=tuple(f"{item.name} ({masked(item.address)})" for item in people),
        link=links.absolute("recovery:addresses"),
    )
    tell(customer, notice, to=accounts.proven(customer), at=at)
