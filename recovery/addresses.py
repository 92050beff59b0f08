"""Which addresses a customer can be reached at, and which of them a recovery code may go to."""

from datetime import datetime, timedelta

from accounts import addresses
from accounts.models import User
from ciam_portal.notifications.notice import By
from ciam_portal.policy import limits
from recovery.models import Contact, RecoveryAddress
from recovery.policy.evidence import Way

Kind = RecoveryAddress.Kind


def every(customer: User) -> list[tuple[By, str]]:
    """Every proven address, also one too new to restore anything: all of them are told."""
    more = RecoveryAddress.objects.kept().filter(customer=customer).order_by("pk")
    own = [(By.MAIL, address) for address in addresses.proven(customer)]
    return list(dict.fromkeys([*own, *((By(item.kind), item.address) for item in more)]))


def for_codes(customer: User, way: Way, at: datetime) -> list[str]:
    """Where a code of this way may go now."""
    found = RecoveryAddress.objects.usable(at).filter(customer=customer, kind=Kind(way.value)).order_by("pk")
    more = list(found.values_list("address", flat=True))
    rest = timedelta(hours=limits.running().recovery.address_rest_hours)
    changed = customer.contact_changed_at
    if way is Way.MAIL and addresses.is_proven(customer) and (changed is None or changed + rest <= at):
        more.insert(0, customer.email)
    return more


def changed_at(customer: User) -> datetime | None:
    """When the customer's address, phone, recovery addresses or contacts last changed; None if they never did."""
    places = RecoveryAddress.objects.filter(customer=customer).values_list("proven_at", "removed_at")
    people = Contact.objects.filter(customer=customer, accepted_at__isnull=False)
    rows = [*places, *people.values_list("accepted_at", "removed_at")]
    known = [instant for row in rows for instant in row if instant is not None]
    if customer.contact_changed_at is not None:
        known.append(customer.contact_changed_at)
    return max(known, default=None)
