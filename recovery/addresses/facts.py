"""Which addresses a customer can be reached at, and which of them a recovery code may go to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import porting
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.words import masked
from recovery.case.policy.evidence import Way
from recovery.models import Contact, RecoveryAddress

_CHANNEL = "recovery channel"


@dataclass(frozen=True, slots=True)
class Destination:
    """One address or number of a customer, as the help desk sees it: by its ``id``, and masked."""

    by: Medium
    address: str
    id: str

    @property
    def masked(self) -> str:
        """Enough to recognize it when somebody says it, not enough to use it."""
        return mask(self.address)


def mask(address: str) -> str:
    """Of a phone number the country is shown too: whoever calls needs to know where it is."""
    return f"{address[:3]}···{address[-2:]}" if address.startswith("+") else masked(address)


def _channel(customer: User, by: Medium, address: str) -> Destination:
    return Destination(by, address, codes.digest(f"{customer.pk}:{by}:{address}", _CHANNEL))


def is_channel(customer: User, by: Medium, address: str, key: str) -> bool:
    """Whether this address is the one with that id."""
    return bool(key) and codes.matches(f"{customer.pk}:{by}:{address}", _CHANNEL, key)


def before_call(customer: User, opened_at: datetime) -> list[Destination]:
    """What a code or link may go to in a call that began then: proven before it, rested, and still the customer's."""
    found = [(Medium(way.value), each) for way in (Way.MAIL, Way.SMS) for each in for_codes(customer, way, opened_at)]
    return [_channel(customer, by, address) for by, address in found]


def to_call(customer: User, opened_at: datetime) -> list[Destination]:
    """The numbers that staff may call back in a call that began then: on file, unchanged, for long enough before it."""
    since = opened_at - timedelta(days=limits.current().recovery.callback_days)
    kept = RecoveryAddress.objects.kept().filter(customer=customer, kind=Medium.SMS, proven_at__lte=since)
    numbers = [row.address for row in kept.order_by("pk") if is_still(row)]
    if customer.phone and (customer.contact_changed_at or customer.created_at) <= since:
        numbers.append(customer.phone)
    return [_channel(customer, Medium.SMS, number) for number in dict.fromkeys(numbers)]


def find(customer: User, among: list[Destination], key: str) -> Destination | None:
    """The one with this id."""
    return next((each for each in among if is_channel(customer, each.by, each.address, key)), None)


@addresses.MORE.join
def kept(customer: User) -> list[tuple[Medium, str]]:
    """The recovery addresses of this customer: all of them hear of every change."""
    rows = RecoveryAddress.objects.kept().filter(customer=customer).order_by("pk")
    return [(Medium(row.kind), row.address) for row in rows]


def is_still(row: RecoveryAddress) -> bool:
    """Whether it is still where it was proven: a number that has moved is somebody else's, as far as anybody knows."""
    return row.kind != Medium.SMS or porting.is_still(row.address, row.proven_at)


@addresses.PHONES.join
def phones(customer: User) -> list[addresses.Phone]:
    """Those that prove something."""
    rows = RecoveryAddress.objects.kept().filter(customer=customer, kind=Medium.SMS)
    return [addresses.Phone(row.address, row.proven_at) for row in rows if is_still(row)]


@addresses.BEFORE.join
def shown_before(customer: User, phone: addresses.Phone) -> int:
    """Other accounts that have shown this number before, whether or not they have taken it away since."""
    rows = RecoveryAddress.objects.filter(address=phone.number, kind=Medium.SMS, proven_at__lt=phone.proven_at)
    return rows.exclude(customer=customer).values("customer").distinct().count()


def for_codes(customer: User, way: Way, at: datetime) -> list[str]:
    """Where a code of this way may go now."""
    found = RecoveryAddress.objects.usable(at).filter(customer=customer, kind=Medium(way.value)).order_by("pk")
    more = [row.address for row in found if is_still(row)]
    rest = timedelta(hours=limits.current().recovery.address_rest_hours)
    changed = customer.email_changed_at
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
