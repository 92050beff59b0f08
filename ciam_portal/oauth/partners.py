"""Partners: how one is added, given to an owner, switched off and on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth import get_user_model

from ciam_portal.core import fetch, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.oauth import agents, details, environment, events, jwts
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile, Rules
from ciam_portal.oauth.redirect_uris import TRIALS_ONLY, Unacceptable, check_uri
from ciam_portal.oauth.scopes import OWN, SCOPES
from ciam_portal.oauth.signing import flows as signing

__all__ = [
    "Registration", "Unacceptable", "check_change", "check_shown", "let_act", "let_ask", "own", "register",
    "switch",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says about a partner. One with keys (``jwks``, or ``jwks_uri``) gets no secret.

    ``owner`` is the account of who answers for it; ``contact`` an address of those who run it. ``maker``, ``actions``,
    ``notification_endpoint`` are an agent's: the most it may be let do; where it hears that its customer has answered.
    """

    name: str
    owner: UUID | None = None
    contact: str = ""
    environment: Environment = Environment.PRODUCTION
    profile: Profile = Profile.STANDARD
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid",)
    purpose: str = ""
    homepage_url: str = ""
    may_exchange: bool = False
    delegates: bool = False
    sector: str = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    backchannel_logout_uri: str = ""
    algorithm: str = jwts.ES256
    public_subjects: bool = False
    decision_actions: tuple[str, ...] = ()
    authorization_details_types: tuple[str, ...] = ()
    maker: str = ""
    actions: tuple[str, ...] = ()
    notification_endpoint: str = ""


@flow
def register(wanted: Registration, *, by: Actor, at: datetime) -> tuple[Partner, str]:
    """Add a partner. Returns it with its secret, which is shown once ("" if it has none). Raises Unacceptable."""
    owner = _check(wanted)
    rules = wanted.profile.rules
    partner = Partner.objects.create(
        name=wanted.name,
        owner_id=owner,
        contact=_contact(wanted.contact),
        environment=wanted.environment.value,
        profile=wanted.profile.value,
        purpose=wanted.purpose,
        homepage_url=wanted.homepage_url,
        redirect_uris=" ".join(wanted.redirect_uris),
        post_logout_redirect_uris=" ".join(wanted.post_logout_redirect_uris),
        scopes_allowed=list(wanted.scopes),
        sector=wanted.sector or _sector(wanted),
        backchannel_logout_uri=wanted.backchannel_logout_uri,
        algorithm=wanted.algorithm,
        notification_endpoint=wanted.notification_endpoint,
        subject_type=Partner.SubjectType.PUBLIC if wanted.public_subjects else Partner.SubjectType.PAIRWISE,
        client_type=Partner.CLIENT_PUBLIC if rules.public else Partner.CLIENT_CONFIDENTIAL,
        authorization_grant_type=_grant(rules),
        client_id=codes.new_id().hex,
        decision_actions=list(wanted.decision_actions),
        may_exchange=wanted.may_exchange,
        delegates=wanted.delegates,
        enabled_at=at,
        authorization_details_types=list(wanted.authorization_details_types),
        maker=wanted.maker,
        actions_allowed=list(wanted.actions),
    )
    signing.need(wanted.algorithm, by=by, at=at)
    secret = "" if rules.public else credentials.add(partner, _shown(wanted), at)[1]
    event = events.PartnerRegistered(
        partner=partner.pk,
        owner=owner,
        environment=Code(wanted.environment.value),
        profile=Code(wanted.profile.value),
        scopes=tuple(Code(name) for name in wanted.scopes),
        decision_actions=tuple(Code(name) for name in wanted.decision_actions),
        authorization_details_types=tuple(Code(name) for name in wanted.authorization_details_types),
        delegates=wanted.delegates,
        actions=tuple(Code(name) for name in wanted.actions),
    )
    record(event, about=None, by=by, at=at)
    return partner, secret


@flow
def own(partner: Partner, owner: UUID, contact: str, *, by: Actor, at: datetime) -> None:
    """This account answers for it from now on; ``contact`` hears what its owner hears. Raises Unacceptable."""
    _check_owner(owner)
    Partner.objects.filter(pk=partner.pk).update(owner=owner, contact=_contact(contact))
    record(events.PartnerOwned(partner=partner.pk, owner=owner), about=None, by=by, at=at)


@flow
def switch(partner: Partner, *, by: Actor, at: datetime, on: bool) -> None:
    """Off: no sign-in, no token and no answer for it, from the next request. On: as before. Raises Refused."""
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    if on and partner.retired_at is not None:
        raise Refused(agents.Reason.RETIRED)
    Partner.objects.filter(pk=partner.pk).update(is_enabled=on, **({"enabled_at": at} if on else {}))
    record(events.PartnerSwitched(partner=partner.pk, enabled=on), about=None, by=by, at=at)


@flow
def let_act(partner: Partner, *, by: Actor, at: datetime, on: bool) -> None:
    """On: customers may act for others in it. Off: nobody may, from the next request. Raises Unacceptable."""
    _check_delegates(partner.rules, Environment(partner.environment), on=on)
    Partner.objects.filter(pk=partner.pk).update(delegates=on)
    record(events.PartnerTakesDelegates(partner=partner.pk, enabled=on), about=None, by=by, at=at)


@flow
def let_ask(partner: Partner, actions: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """From now on it may ask decisions about these actions, and no others. Raises Unacceptable."""
    _check_actions(actions, public=partner.is_public)
    Partner.objects.filter(pk=partner.pk).update(decision_actions=list(actions))
    event = events.PartnerMayAsk(partner=partner.pk, decision_actions=tuple(Code(name) for name in actions))
    record(event, about=None, by=by, at=at)


def check_change(
    partner: Partner, redirect_uris: tuple[str, ...], scopes: tuple[str, ...], actions: tuple[str, ...] = ()
) -> None:
    """Raises Unacceptable for what this partner could not have been registered with."""
    where = Environment(partner.environment)
    agents.check(Profile(partner.profile), partner.maker, scopes, actions, where)
    if not redirect_uris or not (scopes or actions):
        raise Unacceptable("A partner that customers sign in to needs a redirect URI and a scope.")
    for uri in redirect_uris:
        check_uri(uri, partner.rules, where)
    open_to_it = environment.SCOPES if where is Environment.SANDBOX else {*SCOPES, *OWN}
    if not set(scopes) <= open_to_it or (partner.is_public and OWN & set(scopes)):
        raise Unacceptable("A partner like this one may not ask for that.")


def _check(wanted: Registration) -> UUID:
    """Raises Unacceptable; its owner."""
    rules = wanted.profile.rules
    if not wanted.name.strip():
        raise Unacceptable("A partner needs a name that customers will recognise.")
    if not wanted.purpose.strip():
        raise Unacceptable("A partner needs a purpose: one plain sentence, for customers too.")
    owner = _check_owner(wanted.owner)
    known = (*SCOPES, *sorted(OWN))
    unknown = sorted(set(wanted.scopes) - set(known))
    if unknown:
        raise Unacceptable(f"Unknown scope: {', '.join(unknown)}. Known: {', '.join(known)}.")
    if rules.public and OWN & set(wanted.scopes):
        raise Unacceptable("A public partner does not act for itself: anybody may pretend to be it.")
    _check_actions(wanted.decision_actions, public=rules.public)
    _check_details(wanted)
    _check_exchange(wanted)
    _check_delegates(rules, wanted.environment, on=wanted.delegates)
    _check_keys(wanted)
    agents.check(wanted.profile, wanted.maker, wanted.scopes, wanted.actions, wanted.environment)
    if not rules.customers and (wanted.redirect_uris or (set(wanted.scopes) - OWN and not wanted.may_exchange)):
        raise Unacceptable("A partner that acts for itself has no redirect URI and no customers' scopes.")
    if rules.by_device and wanted.redirect_uris:
        raise Unacceptable("Nobody is sent back to an app that is allowed on another device: no redirect URI.")
    if rules.customers and not rules.by_device and not wanted.redirect_uris:
        raise Unacceptable("A partner that customers sign in to needs a redirect URI.")
    for uri in (*wanted.redirect_uris, *wanted.post_logout_redirect_uris):
        check_uri(uri, rules, wanted.environment)
    _check_environment(wanted)
    hosts = {urlsplit(uri).netloc for uri in wanted.redirect_uris}
    if len(hosts) > 1 and not wanted.sector:
        raise Unacceptable("Redirect URIs on several hosts: say which sector the partner's subjects are computed for.")
    return owner


def _check_owner(owner: UUID | None) -> UUID:
    if owner is None or not get_user_model().objects.filter(pk=owner, is_active=True).exists():
        raise Unacceptable("A partner needs an owner: a person with an account here, who answers for it.")
    return owner


def _contact(address: str) -> str:
    try:
        return mailbox.canonical(address) if address else ""
    except mailbox.NoMailbox as error:
        raise Unacceptable(str(error)) from error


def _check_environment(wanted: Registration) -> None:
    heard, notified = wanted.backchannel_logout_uri, wanted.notification_endpoint
    if heard and not fetch.acceptable(heard):
        raise Unacceptable("The end of a session is heard at an https address in full.")
    if notified and not (wanted.profile.rules.asks and fetch.acceptable(notified)):
        raise Unacceptable("Agents with keys hear of their customers' answers, at an https address in full.")
    if wanted.environment is Environment.PRODUCTION:
        return
    if set(wanted.scopes) - environment.SCOPES:
        raise Unacceptable(f"In the sandbox a partner asks for {', '.join(sorted(environment.SCOPES))} at most.")
    if wanted.decision_actions:
        raise Unacceptable("A sandbox partner asks for no decisions.")
    if notified or (heard and not environment.is_for_trials(heard)):
        raise Unacceptable(f"{notified or heard!r}: {TRIALS_ONLY}")


def _grant(rules: Rules) -> str:
    if not rules.customers:
        return str(Partner.GRANT_CLIENT_CREDENTIALS)
    return str(Partner.GRANT_DEVICE_CODE if rules.by_device else Partner.GRANT_AUTHORIZATION_CODE)


def _check_details(wanted: Registration) -> None:
    types = wanted.authorization_details_types
    unknown = sorted(set(types) - set(details.REGISTERED))
    if unknown:
        raise Unacceptable(f"Unknown type of authorization details: {', '.join(unknown)}.")
    missing = sorted(details.actions(types) - set(wanted.decision_actions))
    if missing:
        raise Unacceptable(f"What is approved in detail is done by a decision: add {', '.join(missing)}.")


def _check_keys(wanted: Registration) -> None:
    rules, shown = wanted.profile.rules, _shown(wanted)
    if (wanted.jwks or wanted.jwks_uri) and rules.public:
        raise Unacceptable("A public partner has no keys to prove itself with: everybody would have them.")
    if rules.keyed and not (wanted.jwks or wanted.jwks_uri):
        raise Unacceptable("A partner of this profile proves itself with keys: register them, or say where they are.")
    allowed = jwts.ALGORITHMS if rules.bound else jwts.OURS
    if wanted.algorithm not in allowed:
        raise Unacceptable(f"What we sign for a partner of this profile is signed with {', '.join(allowed)}.")
    check_shown(shown, wanted.environment)


def check_shown(shown: credentials.Shown, where: Environment) -> None:
    """Raises Unacceptable for keys, or an address of keys, that prove nothing here."""
    if shown.jwks and shown.jwks_uri:
        raise Unacceptable("Keys are registered, or published at an address: not both.")
    if shown.jwks_uri and not fetch.acceptable(shown.jwks_uri):
        raise Unacceptable("Keys are published at an https address in full.")
    if shown.jwks_uri and where is Environment.SANDBOX and not environment.is_for_trials(shown.jwks_uri):
        raise Unacceptable(f"{shown.jwks_uri!r}: {TRIALS_ONLY}")
    if shown.jwks:
        try:
            jwts.key_set(shown.jwks)
        except jwts.UnusableKeys as error:
            raise Unacceptable(str(error)) from error


def _shown(wanted: Registration) -> credentials.Shown:
    return credentials.Shown(wanted.jwks, wanted.jwks_uri)


def _check_exchange(wanted: Registration) -> None:
    if wanted.may_exchange and (wanted.profile.rules.public or wanted.profile.rules.agent):
        raise Unacceptable("Who exchanges tokens proves who it is, and is no agent: a public partner or agent cannot.")


def _check_delegates(rules: Rules, where: Environment, *, on: bool) -> None:
    if on and (rules.public or rules.agent or where is Environment.SANDBOX):
        raise Unacceptable(
            "Where customers act for others an app is in production, and proves who it is: no public one, no agent."
        )


def _check_actions(actions: tuple[str, ...], *, public: bool) -> None:
    own = sorted(name for name in limits.current().actions if name.startswith(PARTNER))
    unknown = sorted(set(actions) - set(own))
    if unknown:
        raise Unacceptable(f"Unknown action: {', '.join(unknown)}. In the policy file: {', '.join(own)}.")
    if actions and public:
        raise Unacceptable("A partner that asks for decisions proves with a secret who it is; a public one has none.")


def _sector(wanted: Registration) -> str:
    return urlsplit(next(iter(wanted.redirect_uris), "")).netloc or wanted.name.lower()[:255]
