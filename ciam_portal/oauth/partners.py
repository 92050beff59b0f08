"""Partners: how one is added, switched off and on, and how its secret is replaced."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from ciam_portal.core import fetch
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.oauth import details, jwts
from ciam_portal.oauth.models import Partner, without_port
from ciam_portal.oauth.profiles import Profile, Rules
from ciam_portal.oauth.scopes import OWN, SCOPES
from ciam_portal.oauth.signing import flows as signing

_IN_BROWSERS = [each.value for each in Profile if each.rules.in_browsers]
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_LONGEST_URL = 1024
# A private-use scheme is a domain of its maker's, turned round (RFC 8252 section 7.1).
_OF_AN_APP = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:/(?!/)[A-Za-z0-9._~/-]{0,200}")


class Unacceptable(ValueError):
    """The profile of a partner cannot be used; says what is wrong in one sentence."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says about a partner. One with keys (``jwks``, or ``jwks_uri``) gets no secret."""

    name: str
    profile: Profile = Profile.STANDARD
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid",)
    purpose: str = ""
    homepage_url: str = ""
    sector: str = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    backchannel_logout_uri: str = ""
    algorithm: str = jwts.ES256
    public_subjects: bool = False
    resource_server: bool = False
    decision_actions: tuple[str, ...] = ()
    authorization_details_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartnerRegistered(AuditEvent):
    """A partner was added."""

    name: ClassVar[str] = "partner.registered"
    partner: UUID
    profile: Code
    scopes: tuple[Code, ...]
    resource_server: bool
    decision_actions: tuple[Code, ...]
    authorization_details_types: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class PartnerSecretReplaced(AuditEvent):
    """A partner's secret was replaced; the old one opens nothing any more."""

    name: ClassVar[str] = "partner.secret_replaced"
    partner: UUID


@dataclass(frozen=True, slots=True)
class PartnerSwitched(AuditEvent):
    """A partner was switched off (all it holds stops working at once) or on again."""

    name: ClassVar[str] = "partner.switched"
    partner: UUID
    enabled: bool


@dataclass(frozen=True, slots=True)
class PartnerMayAsk(AuditEvent):
    """Which actions of its own a partner may ask decisions about was changed."""

    name: ClassVar[str] = "partner.may_ask"
    partner: UUID
    decision_actions: tuple[Code, ...]


@flow
def register(wanted: Registration, *, by: Actor, at: datetime) -> tuple[Partner, str]:
    """Add a partner. Returns it with its secret, which is shown once ("" if it has none). Raises Unacceptable."""
    _check(wanted)
    rules, keyed = wanted.profile.rules, bool(wanted.jwks or wanted.jwks_uri)
    secret = "" if rules.public or keyed else codes.new_token()
    partner = Partner.objects.create(
        name=wanted.name,
        profile=wanted.profile.value,
        purpose=wanted.purpose,
        homepage_url=wanted.homepage_url,
        redirect_uris=" ".join(wanted.redirect_uris),
        post_logout_redirect_uris=" ".join(wanted.post_logout_redirect_uris),
        scopes_allowed=list(wanted.scopes),
        sector=wanted.sector or _sector(wanted),
        jwks=wanted.jwks,
        jwks_uri=wanted.jwks_uri,
        backchannel_logout_uri=wanted.backchannel_logout_uri,
        algorithm=wanted.algorithm,
        subject_type=Partner.SubjectType.PUBLIC if wanted.public_subjects else Partner.SubjectType.PAIRWISE,
        client_type=Partner.CLIENT_PUBLIC if rules.public else Partner.CLIENT_CONFIDENTIAL,
        authorization_grant_type=(
            Partner.GRANT_AUTHORIZATION_CODE if rules.customers else Partner.GRANT_CLIENT_CREDENTIALS
        ),
        client_id=codes.new_id().hex,
        client_secret=secret or codes.new_token(),  # one that has none gets one that nobody knows
        is_resource_server=wanted.resource_server,
        decision_actions=list(wanted.decision_actions),
        authorization_details_types=list(wanted.authorization_details_types),
    )
    signing.need(wanted.algorithm, by=by, at=at)
    event = PartnerRegistered(
        partner=partner.pk,
        profile=Code(wanted.profile.value),
        scopes=tuple(Code(name) for name in wanted.scopes),
        resource_server=wanted.resource_server,
        decision_actions=tuple(Code(name) for name in wanted.decision_actions),
        authorization_details_types=tuple(Code(name) for name in wanted.authorization_details_types),
    )
    record(event, about=None, by=by, at=at)
    return partner, secret


@flow
def replace_secret(partner: Partner, *, by: Actor, at: datetime) -> str:
    """A new secret, shown once; the old one is dead. Raises Unacceptable for a partner that has none."""
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    if partner.is_public or partner.has_keys:
        raise Unacceptable("A public partner, or one with keys of its own, has no secret.")
    secret = codes.new_token()
    partner.client_secret = secret
    partner.save(update_fields=["client_secret", "updated"])
    record(PartnerSecretReplaced(partner=partner.pk), about=None, by=by, at=at)
    return secret


@flow
def switch(partner: Partner, *, by: Actor, at: datetime, on: bool) -> None:
    """Off: no sign-in, no token and no answer for it, from the next request. On: as before."""
    Partner.objects.filter(pk=partner.pk).update(is_enabled=on)
    record(PartnerSwitched(partner=partner.pk, enabled=on), about=None, by=by, at=at)


@flow
def let_ask(partner: Partner, actions: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """From now on it may ask decisions about these actions, and no others. Raises Unacceptable."""
    _check_actions(actions, public=partner.is_public)
    Partner.objects.filter(pk=partner.pk).update(decision_actions=list(actions))
    event = PartnerMayAsk(partner=partner.pk, decision_actions=tuple(Code(name) for name in actions))
    record(event, about=None, by=by, at=at)


def _check(wanted: Registration) -> None:
    rules = wanted.profile.rules
    if not wanted.name.strip():
        raise Unacceptable("A partner needs a name that customers will recognise.")
    known = (*SCOPES, *sorted(OWN))
    unknown = sorted(set(wanted.scopes) - set(known))
    if unknown:
        raise Unacceptable(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(known)}.")
    if rules.public and OWN & set(wanted.scopes):
        raise Unacceptable("A public partner does not act for itself: anybody may pretend to be it.")
    _check_actions(wanted.decision_actions, public=rules.public)
    _check_details(wanted)
    _check_keys(wanted)
    if not rules.customers and (wanted.redirect_uris or wanted.scopes):
        raise Unacceptable("A partner that acts for itself has no redirect URI and no customers' scopes.")
    if rules.customers and not wanted.redirect_uris:
        raise Unacceptable("A partner that customers sign in to needs a redirect URI.")
    for uri in (*wanted.redirect_uris, *wanted.post_logout_redirect_uris):
        _check_uri(uri, rules)
    hosts = {urlsplit(uri).netloc for uri in wanted.redirect_uris}
    if len(hosts) > 1 and not wanted.sector:
        raise Unacceptable("Redirect URIs on several hosts: say which sector the partner's subjects are computed for.")


def _check_details(wanted: Registration) -> None:
    types = wanted.authorization_details_types
    unknown = sorted(set(types) - set(details.TYPES))
    if unknown:
        raise Unacceptable(f"Unknown type of authorization details: {', '.join(unknown)}.")
    missing = sorted(details.actions(types) - set(wanted.decision_actions))
    if missing:
        raise Unacceptable(f"What is approved in detail is done by a decision: add {', '.join(missing)}.")


def _check_keys(wanted: Registration) -> None:
    rules = wanted.profile.rules
    if wanted.jwks and wanted.jwks_uri:
        raise Unacceptable("Keys are registered, or published at an address: not both.")
    if (wanted.jwks or wanted.jwks_uri) and rules.public:
        raise Unacceptable("A public partner has no keys to prove itself with: everybody would have them.")
    if rules.keyed and not (wanted.jwks or wanted.jwks_uri):
        raise Unacceptable("A partner of this profile proves itself with keys: register them, or say where they are.")
    if not all(fetch.acceptable(uri) for uri in (wanted.jwks_uri, wanted.backchannel_logout_uri) if uri):
        raise Unacceptable("Keys are published, and ends of sessions are heard, at an https address in full.")
    allowed = jwts.ALGORITHMS if rules.bound else jwts.OURS
    if wanted.algorithm not in allowed:
        raise Unacceptable(f"What we sign for a partner of this profile is signed with {', '.join(allowed)}.")
    if wanted.jwks:
        try:
            jwts.key_set(wanted.jwks)
        except jwts.UnusableKeys as error:
            raise Unacceptable(str(error)) from error


def _check_actions(actions: tuple[str, ...], *, public: bool) -> None:
    own = sorted(name for name in limits.current().actions if name.startswith(PARTNER))
    unknown = sorted(set(actions) - set(own))
    if unknown:
        raise Unacceptable(f"Unknown action: {', '.join(unknown)}. In the policy file: {', '.join(own)}.")
    if actions and public:
        raise Unacceptable("A partner that asks for decisions proves with a secret who it is; a public one has none.")


def _check_uri(uri: str, rules: Rules) -> None:
    if rules.on_devices and (without_port(uri) or _OF_AN_APP.fullmatch(uri)):
        return
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError as error:
        raise Unacceptable(f"{uri!r} is no address.") from error
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL and not settings.SECURE)
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" *#\\")
    if not (secure and plain and host and len(uri) <= _LONGEST_URL) or "@" in parts.netloc:
        message = f"{uri!r}: redirect URIs are https addresses in full, without user, fragment or wildcard"
        raise Unacceptable(
            f"{message} (http only to localhost, in development; an app on devices also has http://127.0.0.1/…, "
            "http://[::1]/… with any port, or com.example.app:/…)."
        )


def is_origin(origin: str) -> bool:
    """Whether an app that runs in browsers was registered with a redirect URI there (CORS)."""
    parts = urlsplit(origin)
    if not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
        return False
    found = Partner.objects.filter(
        profile__in=_IN_BROWSERS, is_enabled=True, redirect_uris__contains=f"{origin}/"
    ).values_list("redirect_uris", flat=True)
    return any(uri.startswith(f"{origin}/") for uris in found for uri in uris.split())


def _sector(wanted: Registration) -> str:
    return urlsplit(next(iter(wanted.redirect_uris), "")).netloc or wanted.name.lower()[:255]
