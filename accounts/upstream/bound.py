"""Which sign-ins elsewhere are linked to an account: rows of allauth's. A link is (service, issuer and subject).

A row that is not yet sure of its customer keeps the password of the sign-up that made it (``attempt``: one that opens
nothing). Of several sign-ups with one address, the one whose mail was answered counts. After access was restored
without signing in, links made before let nobody in until they are made again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount as Link
from django.conf import settings
from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.models import Passkey, User
from accounts.upstream.policy import UnlinkFacts
from accounts.upstream.shapes import Identity, Upstream
from ciam_portal.core.categories import of_library
from ciam_portal.oauth.jwts import hash_of

__all__ = ["Link", "Taken"]
_ATTEMPT = "attempt"


class Taken(Exception):
    """This sign-in is another account's."""


def uid_of(identity: Identity) -> str:
    """By what a row knows its person: never an address, and the same subject of two issuers is two people."""
    return hash_of(json.dumps([identity.issuer, identity.subject]))


def found(identity: Identity, *, lock: bool = False) -> Link | None:
    """The row of this sign-in, with its customer."""
    rows = Link.objects.select_for_update(of=("self",)) if lock else Link.objects
    row: Link | None = rows.select_related("user").filter(provider=identity.upstream, uid=uid_of(identity)).first()
    return row


def is_sure(link: Link) -> bool:
    """Whether its customer is who they said: their address is proven, by the sign-up that made it."""
    return _ATTEMPT not in link.extra_data


def is_paused(link: Link) -> bool:
    """Whether access to its account was restored since it was made."""
    restored: datetime | None = link.user.recovered_at
    return restored is not None and restored >= link.date_joined


def settle(customer: User, attempt: str) -> None:
    """The address is proven by this sign-up: what it left is the customer's, what others left is nobody's."""
    waiting = Link.objects.filter(user=customer, extra_data__has_key=_ATTEMPT)
    waiting.exclude(extra_data__contains={_ATTEMPT: attempt}).delete()
    waiting.update(extra_data={})


def used(link: Link) -> None:
    """It has just let its customer in."""
    link.save(update_fields=["last_login"])


def tie(identity: Identity, customer: User, *, at: datetime, attempt: str = "") -> Link:
    """Make it this customer's. Part of a flow. Raises Taken."""
    data = {_ATTEMPT: attempt} if attempt else {}
    link, made = Link.objects.select_for_update(of=("self",)).get_or_create(
        provider=identity.upstream, uid=uid_of(identity), defaults={"user": customer, "extra_data": data}
    )
    if not made:
        if is_sure(link) and link.user_id != customer.pk:
            raise Taken
        link.user, link.extra_data, link.date_joined = customer, data, at
        link.save()
    return link


def listed(customer: User) -> list[Link]:
    """Those that let this customer in, or did until access was restored, of services that there are. One query."""
    if not settings.UPSTREAMS:
        return []
    rows = list(Link.objects.filter(user=customer, provider__in=settings.UPSTREAMS).order_by("pk"))
    for link in rows:
        link.user = customer
    return [link for link in rows if is_sure(link)]


def of_service(customer: User, key: str) -> list[Link]:
    """Those of one service."""
    return [link for link in listed(customer) if link.provider == key]


@dataclass(frozen=True, slots=True)
class Offered:
    """A service, and its link with a customer if there is one."""

    upstream: Upstream
    link: Link | None
    is_paused: bool

    @property
    def is_good(self) -> bool:
        """Whether it lets its customer in."""
        return self.link is not None and not self.is_paused


def offered(customer: User) -> list[Offered]:
    """Each service, for the customer's own pages. One query at most."""
    links = {link.provider: link for link in listed(customer)}
    found = [(each, links.get(each.key)) for each in settings.UPSTREAMS.values()]
    return [Offered(each, link, link is not None and is_paused(link)) for each, link in found]


def at_the_door(request: HttpRequest) -> list[Upstream]:
    """The services that the sign-in page offers: none on the staff's own host."""
    apart = settings.STAFF_URL != settings.PUBLIC_URL
    if apart and request.get_host() == urlsplit(settings.STAFF_URL).netloc:
        return []
    return list(settings.UPSTREAMS.values())


def row_of(link: Link) -> bytes:
    """The row, to be sealed and kept for ``put_back``."""
    row = serializers.serialize("python", [link])
    return json.dumps(row, default=datetime.isoformat).encode()  # the library's own JSON cuts instants short


def put_back(customer: User, stored: bytes) -> bool:
    """It is there again as it was; False if it is another account's by now."""
    try:
        (row,) = serializers.deserialize("python", json.loads(stored))
        if not isinstance(row.object, Link) or row.object.user_id != customer.pk:
            return False
        with transaction.atomic():
            row.save(force_insert=True)
    except (DeserializationError, IntegrityError, ValueError):
        return False
    return True


def take_away(customer: User, key: str) -> None:
    """It lets nobody in any more."""
    Link.objects.filter(user=customer, pk=int(key)).delete()


of_library("socialaccount_socialaccount", plain="provider", uid="pseudonym", extra_data="credential")
# Which services there are says the environment alone, and no token of theirs is kept: both stay empty.
of_library("socialaccount_socialapp", plain="provider provider_id name client_id secret key settings")
of_library("socialaccount_socialtoken", token="credential", token_secret="credential")  # noqa: S106  (categories)


def unlinking(customer: User, gone: Link | None) -> UnlinkFacts:
    """What lets the customer in beside this one."""
    return UnlinkFacts(
        is_linked=gone is not None,
        has_password=customer.has_usable_password(),
        passkeys=Passkey.objects.filter(user=customer, confirmed=True).count(),
        other_links=sum(each != gone and not is_paused(each) for each in listed(customer)),
    )
