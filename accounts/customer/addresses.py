"""Which addresses a customer has, and which are proven. The only speaker of allauth's address book."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.customer.models.user import DOMAIN
from accounts.models import User
from ciam_portal.core.mailbox import reader
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.themes import Joined

Channel = tuple[Medium, str]


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that its customer has proven by a code, and when."""

    number: str
    proven_at: datetime


MORE = Joined[Callable[[User], list[Channel]]]()
"""Where else a customer is reached, proven and kept: in the order in which it was added."""
PHONES = Joined[Callable[[User], Iterable[Phone]]]()
"""Which of these are phones that still prove something."""
BEFORE = Joined[Callable[[User, Phone], int]]()
"""How many other accounts have shown a phone before."""


def add(customer: User, address: str, *, proven: bool) -> None:
    """The customer's one address, at sign-up or on import."""
    EmailAddress.objects.create(user=customer, email=address, primary=True, verified=proven)


def add_all(customers: Iterable[tuple[User, bool]]) -> None:
    """The same of many, each with whether it is proven."""
    EmailAddress.objects.bulk_create(
        EmailAddress(user=customer, email=customer.email, primary=True, verified=proven)
        for customer, proven in customers
    )


def is_proven(customer: User) -> bool:
    """Whether the address the customer signs in with has been proven."""
    return bool(EmailAddress.objects.filter(user=customer, email=customer.email, verified=True).exists())


def proven_of(customers: Collection[UUID]) -> set[UUID]:
    """Who of these has proven the address to sign in with."""
    rows = EmailAddress.objects.filter(user__in=customers, email=F("user__email"), verified=True)
    return set(rows.values_list("user", flat=True))


def proven(customer: User) -> list[str]:
    """Every proven address of this customer: security notices go to all of them."""
    return list(EmailAddress.objects.filter(user=customer, verified=True).values_list("email", flat=True))


def every(customer: User) -> list[Channel]:
    """Every proven address and number, also one too new to restore anything."""
    own = [(Medium.MAIL, address) for address in proven(customer)]
    return list(dict.fromkeys([*own, *(channel for more in MORE for channel in more(customer))]))


def proven_phone(customer: User) -> Phone | None:
    """The phone that was proven first of those that are kept and have not moved since; None: there is none."""
    found = [phone for phones in PHONES for phone in phones(customer)]
    return min(found, key=lambda phone: phone.proven_at, default=None)


def shown_before(customer: User, phone: Phone) -> int:
    """How many other accounts have shown this phone, before this one did."""
    return sum(count(customer, phone) for count in BEFORE)


def at_domain(domain: str) -> QuerySet[User]:
    """Whose proven address to sign in with is of this mail domain."""
    own = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    return User.objects.alias(domain=DOMAIN).filter(Exists(own), domain=domain)


def mailboxes(customer: User) -> frozenset[str]:
    """The customer's own mailboxes: whoever reads one of them must not count as somebody else."""
    known = [address for by, address in every(customer) if by is Medium.MAIL]
    return frozenset(reader(address) for address in (customer.email, *known))


def never_proven(before: datetime, brought: datetime) -> QuerySet[User]:
    """Accounts opened, and last asked for, before then of which nobody has proven an address.

    Of those that were brought from elsewhere: before ``brought``.
    """
    waiting = EmailAddress.objects.filter(verified=False).values("user")
    proven = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    rows = User.objects.filter(pk__in=waiting, created_at__lt=before, unsettled="", is_staff=False, is_active=True)
    rows = rows.exclude(imported_at__gte=brought)
    rows = rows.exclude(password_changed_at__gte=before).exclude(Exists(proven))
    return rows.filter(sessions__isnull=True, devices__isnull=True)


def confirm(customer: User) -> None:
    """The customer's address is proven."""
    EmailAddress.objects.filter(user=customer, email=customer.email).update(verified=True, primary=True)


def replace(customer: User, address: str, *, proven: bool = True) -> None:
    """A new address takes the place of all others."""
    EmailAddress.objects.filter(user=customer).delete()
    add(customer, address, proven=proven)
