"""A partner exchanges an access token: its own, or one that it was sent as the resource that the token is for.

The new one hangs from all that the old one hangs from, and from the old one itself: nothing lives longer. Who acts with
it stands in ``act``, around those who acted before (RFC 8693 section 4.1). Or somebody acts for another customer of the
app, who let them: the new one is that customer's, and hangs from the delegate's own token and session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.step_up.flows import shared
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record, tally
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, StepUp
from ciam_portal.oauth import actors, families, subject_tokens, tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import AccessToken, Partner, Resource
from ciam_portal.oauth.resources import ours, targets
from ciam_portal.oauth.resources.targets import Target
from ciam_portal.oauth.scopes import DELEGATIONS
from ciam_portal.oauth.subjects import subject
from consent.delegation.flows import ENDED
from consent.details import facts as details
from consent.exchange import events, policy
from consent.exchange.policy import Why
from consent.models import Consent, Delegation
from consent.release import challenges, issuance
from consent.release.flows.family import handed_out, spoken


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the new token is to be: for this resource ("": the same), these scopes (none: all), bound to this key.

    ``details``: what it carries of what was approved by itself; nothing that is not named.
    """

    resource: str = ""
    scopes: tuple[str, ...] = ()
    jkt: str = ""
    details: tuple[Detail, ...] = ()


@flow
def exchange(
    found: AccessToken | None, partner: Partner, wanted: Wanted, *, by: Actor, at: datetime
) -> families.Issued | Why:
    """Exchange it. What is refused is kept too."""
    if found is None or found.consent is None or found.user is None or found.session is None:
        return _refused(partner, Why.ENDED, None, by, at)
    consent = Consent.objects.select_for_update(of=("self",)).select_related("partner").get(pk=found.consent_id)
    shared(found.session.customer_id, found.session_id)
    rows = AccessToken.objects.select_for_update(of=("self",)).select_related("user", "session__device", "application")
    held = rows.filter(pk=found.pk).first()
    if held is None:
        return _refused(partner, Why.ENDED, found, by, at)
    granted = [wanted.resource] if wanted.resource else held.resource
    target = targets.of(partner, granted, wanted.resource)
    approved = details.named(held.details, wanted.details)
    why = policy.flaw(_facts(held, partner, consent, wanted, target, approved=approved), limits=limits.current(), at=at)
    if why is not None or target is None:
        return _refused(partner, why or Why.WRONG_TARGET, held, by, at)
    root = issuance.Root(consent.partner, held.user, held.session, consent, delegation=held.delegation_id)
    asked = issuance.ask(root, Action.ISSUE_TOKEN, held=tuple(held.scope.split()), by=by, at=at)
    if not isinstance(asked.answer, Allow):
        decision = issuance.kept(asked, root, at=at).id
        return _refused(partner, Why.NOT_ALLOWED, held, by, at, decision=decision)
    open_to_it = tuple(name for name in asked.allowed if name in partner.scopes_allowed)
    opened = target.scopes(tuple(name for name in open_to_it if not wanted.scopes or name in wanted.scopes))
    if not opened or not set(wanted.scopes) <= set(opened):
        return _refused(partner, Why.TOO_WIDE, held, by, at)
    acts = held.act if held.application_id == partner.pk else actors.service(partner, held.act)
    carried = families.Carried(
        opened,
        target,
        tuple(approved),
        _says(root, partner, target, acts, asked.delegate, approved=approved),
        ends=held.expires,
        parent=held.pk,
        act=acts,
        delegation=held.delegation_id,
    )
    owned = partner.pk, held.user_id, held.session_id, consent.pk, held.family
    handed_out(root, target, asked, at)
    issued = tokens.exchanged(families.Root(*owned, wanted.jkt), carried, at=at)
    event = events.TokenExchanged(
        consent=consent.pk,
        partner=partner.pk,
        token=held.pk,
        scopes=tuple(Code(name) for name in opened),
        resource=Resource.objects.filter(url=target.url).values_list("pk", flat=True).first(),
        acted=actors.depth(acts),
    )
    record(event, about=held.user_id, by=asked.by, at=at)
    return issued


@flow
def act(
    named: subject_tokens.Named | None, theirs: AccessToken | None, partner: Partner, wanted: Wanted,
    *, by: Actor, at: datetime,
) -> families.Issued | Why:  # fmt: skip
    """Somebody acts for the customer who is named, with their own access token beside it. What is refused is kept too.

    It is for minutes, and for less than either holds: no refresh token comes of it, and no ID token.
    """
    if named is None or theirs is None or theirs.user is None or theirs.session_id is None:
        return _refused(partner, Why.ENDED, theirs, by, at)
    found = _let(theirs, named, partner)
    consents = _locked(partner, theirs, found)
    shared(theirs.user_id, theirs.session_id)
    delegation = Delegation.objects.select_for_update(of=("self",)).filter(pk__in=[found.pk] if found else []).first()
    rows = AccessToken.objects.select_for_update(of=("self",)).select_related("user", "session__device")
    held = rows.filter(pk=theirs.pk).first()
    if held is None:
        return _refused(partner, Why.ENDED, theirs, by, at)
    consent = consents.get(delegation.owner_id) if delegation is not None else None
    target = targets.of(partner, [wanted.resource] if wanted.resource else [], wanted.resource)
    acting = _acting(held, named, partner, wanted, target, has_delegation=delegation is not None, consent=consent)
    why = policy.flaw_of_acting(acting, at=at)
    if why is not None or delegation is None or consent is None or target is None:
        return _refused(partner, why or Why.NO_DELEGATION, held, by, at)
    root = issuance.Root(partner, consent.customer, held.session, consent, delegation=delegation.pk)
    steps = Action.USE_DELEGATION, Action.ISSUE_TOKEN
    asked = issuance.ask(root, *steps, held=consent.scopes, needed=("openid",), by=by, at=at)
    decision = issuance.kept(asked, root, at=at).id
    if not isinstance(asked.answer, Allow):
        if isinstance(asked.answer, StepUp):
            challenges.remember(held.session.pk, partner.pk, asked.answer)
        more = Why.PROVE_MORE if isinstance(asked.answer, StepUp) else Why.NOT_ALLOWED
        return _refused(partner, more, held, asked.by, at, decision=decision)
    opened = target.scopes(tuple(name for name in asked.allowed if not wanted.scopes or name in wanted.scopes))
    if not opened or not set(wanted.scopes) <= set(opened):
        return _refused(partner, Why.TOO_WIDE, held, asked.by, at)
    acts, seconds = actors.person(), timedelta(seconds=limits.current().oauth.delegated_token_seconds)
    carried = families.Carried(
        opened,
        target,
        says=_says(root, partner, target, acts, asked.delegate, approved={}),
        ends=min(at + seconds, held.expires, held.session.expires_at, delegation.ends_at),
        parent=held.pk,
        act=acts,
        delegation=delegation.pk,
    )
    owned = partner.pk, delegation.owner_id, held.session_id, consent.pk, held.family
    handed_out(root, target, asked, at)
    issued = tokens.exchanged(families.Root(*owned, wanted.jkt), carried, at=at)
    _admitted(delegation, consent, issued, asked.by, at, decision=decision)
    return issued


@ENDED.join
def end_tokens(delegation: Delegation, **_: object) -> None:
    """Nobody acts by it any more, or for less: what is out is over; who still may gets another."""
    tokens.end_delegated(delegation.pk)


def _let(theirs: AccessToken, named: subject_tokens.Named, partner: Partner) -> Delegation | None:
    """By what they may act for the customer of this name."""
    mine = Delegation.objects.live().filter(delegate=theirs.user_id)
    return next((each for each in mine if subject(partner, each.owner_id) == named.owner), None)


def _locked(partner: Partner, theirs: AccessToken, delegation: Delegation | None) -> dict[UUID, Consent]:
    """What owner and delegate let the app do, by customer; both as they stand now."""
    people = [theirs.user_id, *([delegation.owner_id] if delegation is not None else [])]
    rows = Consent.objects.live().filter(partner=partner, customer__in=people).order_by("pk")
    found = rows.select_for_update(of=("self",)).select_related("customer", "partner")
    return {each.customer_id: each for each in found}


def _acting(
    held: AccessToken, named: subject_tokens.Named, partner: Partner, wanted: Wanted, target: Target | None,
    *, has_delegation: bool, consent: Consent | None,
) -> policy.Acting:  # fmt: skip
    url = target.url if target is not None else ""
    return policy.Acting(
        ends_at=held.expires,
        was_issued_to_it=held.application_id == partner.pk,
        is_their_own=not (held.act or held.delegation_id or ours.of_others(tuple(held.resource)))
        and DELEGATIONS in held.scope.split(),
        jkt=held.jkt,
        proven=wanted.jkt,
        is_named=named.delegate == subject(partner, held.user_id),
        has_delegation=has_delegation,
        is_connected=consent is not None,
        target_stands=target is not None and target.knows_who_acts,
        target_is_ours=not ours.of_others((url,) if url else ()),
        target_was_agreed=consent is not None and url in consent.resources,
    )


def _says(
    root: issuance.Root, partner: Partner, target: Target, acts: actors.Act | None, delegate: UUID | None,
    *, approved: dict[UUID, Detail],
) -> dict[str, object]:  # fmt: skip
    """What it says, if it is signed."""
    if target.signed_for is None:
        return {}
    act = actors.shown(acts, target.signed_for, delegate)
    return spoken(root, target, approved) | {"client_id": partner.client_id} | act


def _admitted(
    delegation: Delegation, consent: Consent, issued: families.Issued, by: Actor, at: datetime, *, decision: UUID | None
) -> None:
    """On record for both; of what is alike in a day, the first."""
    said = delegation.pk, consent.pk, consent.partner_id
    coded = tuple(Code(name) for name in issued.scopes)
    alike = delegation.pk, consent.partner_id, by.session, *issued.scopes
    for event, about in ((events.DelegateAdmitted, delegation.owner_id), (events.ActedInApp, delegation.delegate_id)):
        key = tally(event, *alike, about=about, by=by, at=at)
        if key is not None:
            record(event(*said, coded), about=about, by=by, at=at, key=key, decision=decision)


def _facts(
    held: AccessToken, partner: Partner, consent: Consent, wanted: Wanted, target: Target | None,
    *, approved: dict[UUID, Detail],
) -> policy.Exchanging:  # fmt: skip
    url = target.url if target is not None else ""
    return policy.Exchanging(
        ends_at=held.expires,
        was_issued_to_it=held.application_id == partner.pk,
        is_for_it=targets.is_for(held, partner),
        jkt=held.jkt,
        proven=wanted.jkt,
        acted=actors.depth(held.act),
        held=frozenset(held.scope.split()),
        asked=frozenset(wanted.scopes),
        target_stands=target is not None and (held.delegation_id is None or target.knows_who_acts),
        target_is_ours=not ours.of_others((url,) if url else ()),
        target_was_agreed=url in consent.resources,
        audience_is_ours=not ours.of_others(tuple(held.resource)) and held.resource in ([], [url]),
        details_stand=len(approved) == len(wanted.details),
    )


def _refused(
    partner: Partner, why: Why, held: AccessToken | None, by: Actor, at: datetime, *, decision: UUID | None = None
) -> Why:
    about = held.user_id if held is not None else None
    record(events.ExchangeRefused(partner=partner.pk, why=why), about=about, by=by, at=at, decision=decision)
    return why
