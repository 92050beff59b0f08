"""A partner exchanges an access token: its own, or one that it was sent as the resource that the token is for.

The new one hangs from all that the old one hangs from, and from the old one itself: nothing lives longer. Who acts with
it stands in ``act``, around those who acted before (RFC 8693 section 4.1).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from accounts.step_up.flows import shared
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.oauth import families, tokens
from ciam_portal.oauth.models import AccessToken, Partner, Resource
from ciam_portal.oauth.resources import ours, targets
from ciam_portal.oauth.resources.targets import Target
from consent.exchange import events, policy
from consent.exchange.policy import Why
from consent.models import Consent
from consent.release import issuance
from consent.release.flows import handed_out, spoken

_KIND = "service"  # of entity: a partner is one, whatever it says of itself


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the new token is to be: for this resource ("": the same), these scopes (none: all), bound to this key."""

    resource: str = ""
    scopes: tuple[str, ...] = ()
    jkt: str = ""


@flow
def exchange(
    found: AccessToken | None, partner: Partner, wanted: Wanted, *, by: Actor, at: datetime
) -> families.Issued | Why:
    """Exchange it. What is refused is kept too."""
    if found is None or found.consent is None or found.user is None or found.session_id is None:
        return _refused(partner, Why.ENDED, None, by, at)
    consent = Consent.objects.select_for_update(of=("self",)).select_related("partner").get(pk=found.consent_id)
    shared(found.user_id, found.session_id)
    rows = AccessToken.objects.select_for_update(of=("self",)).select_related("user", "session__device", "application")
    held = rows.filter(pk=found.pk).first()
    if held is None:
        return _refused(partner, Why.ENDED, found, by, at)
    granted = [wanted.resource] if wanted.resource else held.resource
    target = targets.of(partner, granted, wanted.resource)
    why = policy.flaw(_facts(held, partner, consent, wanted, target), limits=limits.current(), at=at)
    if why is not None or target is None:
        return _refused(partner, why or Why.WRONG_TARGET, held, by, at)
    root = issuance.Root(consent.partner, held.user, held.session, consent)
    asked = issuance.ask(root, Action.ISSUE_TOKEN, held=tuple(held.scope.split()), by=by, at=at)
    if not isinstance(asked.answer, Allow):
        decision = issuance.kept(asked, root, by=by, at=at).id
        return _refused(partner, Why.NOT_ALLOWED, held, by, at, decision=decision)
    open_to_it = tuple(name for name in asked.allowed if name in partner.scopes_allowed)
    opened = target.scopes(tuple(name for name in open_to_it if not wanted.scopes or name in wanted.scopes))
    if not opened or not set(wanted.scopes) <= set(opened):
        return _refused(partner, Why.TOO_WIDE, held, by, at)
    acts = _acting(held, partner)
    says = spoken(root, target, {}) | {"client_id": partner.client_id}
    carried = families.Carried(opened, target, says=says, ends=held.expires, parent=held.pk, act=acts)
    owned = partner.pk, held.user_id, held.session_id, consent.pk, held.family
    handed_out(root, target, at)
    issued = tokens.exchanged(families.Root(*owned, wanted.jkt), carried, at=at)
    event = events.TokenExchanged(
        consent=consent.pk,
        partner=partner.pk,
        token=held.pk,
        scopes=tuple(Code(name) for name in opened),
        resource=Resource.objects.filter(url=target.url).values_list("pk", flat=True).first(),
        acted=_depth(acts),
    )
    record(event, about=held.user_id, by=by, at=at)
    return issued


def _facts(
    held: AccessToken, partner: Partner, consent: Consent, wanted: Wanted, target: Target | None
) -> policy.Exchanging:
    url = target.url if target is not None else ""
    return policy.Exchanging(
        ends_at=held.expires,
        was_issued_to_it=held.application_id == partner.pk,
        is_for_it=targets.is_for(held, partner),
        jkt=held.jkt,
        proven=wanted.jkt,
        acted=_depth(held.act),
        held=frozenset(held.scope.split()),
        asked=frozenset(wanted.scopes),
        target_stands=target is not None,
        target_is_ours=not ours.of_others((url,) if url else ()),
        target_was_agreed=url in consent.resources,
        audience_is_ours=not ours.of_others(tuple(held.resource)) and held.resource in ([], [url]),
    )


def _acting(held: AccessToken, partner: Partner) -> dict[str, Any] | None:
    """Whoever was sent the token acts now; what stood there before is left as it is."""
    before: dict[str, Any] | None = held.act
    if held.application_id == partner.pk:
        return before
    now = {"iss": settings.PUBLIC_URL, "sub": partner.client_id, "sub_profile": _KIND}
    return now | ({"act": before} if before else {})


def _depth(act: dict[str, Any] | None) -> int:
    return 1 + _depth(act.get("act")) if act else 0


def _refused(
    partner: Partner, why: Why, held: AccessToken | None, by: Actor, at: datetime, *, decision: UUID | None = None
) -> Why:
    about = held.user_id if held is not None else None
    record(events.ExchangeRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why
