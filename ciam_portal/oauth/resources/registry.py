"""Resource servers: how one is added, switched off and on, and who may ask for tokens for it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.partners import Unacceptable
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.resources.models import Resource
from ciam_portal.oauth.scopes import OFFLINE, SCOPES

# One spelling for each address: no user, query, fragment, dot segment or upper case in the host.
_PLAIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]*)*")
_UNSAID = {"https": ":443", "http": ":80"}
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says about a resource server."""

    url: str
    name: str
    partner: Partner
    scopes: tuple[str, ...] = ()
    introspects: bool = True
    signed: bool = False
    for_unregistered: bool = False


@dataclass(frozen=True, slots=True)
class ResourceRegistered(AuditEvent):
    """A resource server was added."""

    name: ClassVar[str] = "resource.registered"
    resource: UUID
    partner: UUID
    scopes: tuple[Code, ...]
    introspects: bool
    signed: bool
    for_unregistered: bool = False


@dataclass(frozen=True, slots=True)
class ResourceSwitched(AuditEvent):
    """A resource server was switched off (every token for it stops working at once) or on again."""

    name: ClassVar[str] = "resource.switched"
    resource: UUID
    enabled: bool


@dataclass(frozen=True, slots=True)
class PartnerMayReach(AuditEvent):
    """For which resource servers a partner may ask tokens was changed."""

    name: ClassVar[str] = "partner.may_reach"
    partner: UUID
    resources: tuple[UUID, ...]


@flow
def register(wanted: Registration, *, by: Actor, at: datetime) -> Resource:
    """Add a resource server. Raises Unacceptable."""
    _check(wanted)
    resource = Resource.objects.create(
        url=wanted.url,
        name=wanted.name,
        partner=wanted.partner,
        scopes=list(wanted.scopes),
        introspects=wanted.introspects,
        is_signed=wanted.signed,
        for_unregistered=wanted.for_unregistered,
    )
    event = ResourceRegistered(
        resource=resource.pk,
        partner=wanted.partner.pk,
        scopes=tuple(Code(name) for name in wanted.scopes),
        introspects=wanted.introspects,
        signed=wanted.signed,
        for_unregistered=wanted.for_unregistered,
    )
    record(event, about=None, by=by, at=at)
    return resource


@flow
def switch(resource: Resource, *, by: Actor, at: datetime, on: bool) -> None:
    """Off: no token for it, and none that is out is good, from the next request. On: as before."""
    Resource.objects.filter(pk=resource.pk).update(is_enabled=on)
    record(ResourceSwitched(resource=resource.pk, enabled=on), about=None, by=by, at=at)


@flow
def let_reach(partner: Partner, urls: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """From now on it may ask for tokens for these, and for no others but our own. Raises Unacceptable."""
    known = dict(Resource.objects.filter(url__in=urls).values_list("url", "pk"))
    unknown = sorted(set(urls) - set(known))
    if unknown:
        raise Unacceptable(f"No resource is registered at {', '.join(unknown)}. See: manage.py resource list")
    if Resource.objects.filter(url__in=urls).exclude(partner__environment=partner.environment).exists():
        raise Unacceptable("A partner reaches resources of its own environment: sandbox, or production.")
    Partner.objects.filter(pk=partner.pk).update(resources_allowed=sorted(known))
    event = PartnerMayReach(partner=partner.pk, resources=tuple(sorted(known.values())))
    record(event, about=None, by=by, at=at)


def _check(wanted: Registration) -> None:
    parts = urlsplit(wanted.url)
    secure = parts.scheme == "https" or not settings.PRODUCTION
    plain = _PLAIN.fullmatch(wanted.url) and len(wanted.url) <= _LONGEST
    if not (plain and secure) or parts.netloc.endswith(_UNSAID[parts.scheme]):
        raise Unacceptable(
            f"{wanted.url!r}: a resource is an https address in its plain form, without user, query, fragment, dots or "
            "port 443, and its host in lower case."
        )
    if ours.scopes_at(wanted.url) is not None or Resource.objects.filter(url=wanted.url).exists():
        raise Unacceptable("There is a resource of this address.")
    if not wanted.name.strip():
        raise Unacceptable("A resource needs a name that customers will recognise.")
    if wanted.partner.is_public:
        raise Unacceptable("Who runs a resource proves who it is; a public partner cannot.")
    if not (wanted.introspects or wanted.signed):
        raise Unacceptable("A resource asks us about its tokens, or reads them by itself; or both.")
    if wanted.for_unregistered and not (wanted.introspects and wanted.partner.delegates):
        raise Unacceptable("What agents that nobody registered reach asks us about its tokens, and knows who acts.")
    if unknown := sorted(set(wanted.scopes) - (set(SCOPES) - {OFFLINE})):
        raise Unacceptable(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(SCOPES)}.")
