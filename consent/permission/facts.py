"""Gathers the facts that consent's policies ask about, and the fields that a scope opens."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.factors import bound as factors
from accounts.models import Session, User
from accounts.sessions.flows import SPARED
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method, amr_of
from ciam_portal.core.policy.catalogue import USE_SCOPE, Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.oauth import claims, scopes
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.scopes import OFFLINE
from consent.models import Consent
from consent.permission import policy
from consent.purposes.shipped import OF_SCOPES
from consent.records import facts as records
from consent.use import identity


def for_sharing(
    consent: Consent,
    partner: Partner,
    customer: User,
    session: Session,
    at: datetime,
    *,
    held: Iterable[str],
    needed: Iterable[str],
) -> policy.Sharing:
    """What a use rests on. ``held`` are the scopes of the token; those that count no longer, for both, fall out.

    A sign-out ends a session, and so does time; what the customer allowed in their absence outlives these, and no other
    end.
    """
    held = tuple(held)
    away = session.end_reason in {"", *SPARED} and OFFLINE in held
    counted = covered(consent, partner, at) if held else frozenset()
    return policy.Sharing(
        consent=consent.pk,
        consent_ended=consent.ended_at is not None,
        customer_active=customer.is_open_at(at),
        partner_enabled=partner.serves(customer.pk) and _still_on(consent, partner),
        session_cut=(session.ended_at is not None or at >= session.expires_at) and not away,
        allowed=tuple(name for name in held if name in counted),
        needed=tuple(needed),
    )


def covered(consent: Consent, partner: Partner, at: datetime) -> frozenset[str]:
    """The scopes that the customer's yes counts for at this moment, and that the partner may have."""
    counted = records.counted(consent, at)
    return counted & frozenset(consent.scopes) & frozenset(partner.scopes_allowed)


def _still_on(consent: Consent, partner: Partner) -> bool:
    """Whether the app that the customer connected is, when another partner acts with what it was given."""
    return consent.partner_id == partner.pk or consent.partner.is_enabled


def for_letting_out(customer: User, session: Session, added: Iterable[str]) -> policy.LettingOut:
    """What newly allowed scopes ask for. No statement, if none has a row of its own in the catalogue."""
    guarded = tuple(name for name in sorted(added) if USE_SCOPE + name in limits.current().actions)
    return policy.LettingOut(guarded, session.assurance, factors.highest_level(customer) if guarded else Level.NONE)


def uses(needed: Iterable[str]) -> tuple[str, ...]:
    """The rows of the catalogue behind a use of these scopes: their own, and one for all that have none."""
    needed, known = tuple(needed), limits.current().actions
    own = tuple(USE_SCOPE + name for name in needed if USE_SCOPE + name in known)
    return own if own and len(own) == len(needed) else (Action.USE_TOKEN, *own)


def agreeing(
    partner: Partner, wanted: Collection[str], allowed: Collection[str], *, is_new: bool
) -> tuple[Action, ...]:
    """The rows of the catalogue that a customer's yes falls under: ``wanted`` now, ``allowed`` before.

    Anybody can pretend to be a public partner, so letting one go on in the customer's absence is asked each time. To
    let an agent act is always the same, whatever of it is new.
    """
    wanted = frozenset(wanted)
    if partner.kind is Kind.AGENT:
        return (Action.CREATE_DELEGATION,)
    first = (Action.APPROVE_CONSENT if is_new else Action.WIDEN_CONSENT,) if wanted - frozenset(allowed) else ()
    return (*first, Action.APPROVE_OFFLINE) if partner.is_public and OFFLINE in wanted else first


def open_now(
    names: Iterable[str], asked: gate.Facts, customer: User, at: datetime, *, answered: Collection[str] = ()
) -> tuple[str, ...]:
    """Of these scopes, those whose own row in the catalogue, if there is one, lets them be used at this moment.

    ``answered``: those of which the gate has just said so.
    """
    return tuple(name for name in names if name in answered or _is_open(USE_SCOPE + name, asked, customer, at))


def _is_open(action: str, asked: gate.Facts, customer: User, at: datetime) -> bool:
    if action not in limits.current().actions:
        return True
    return isinstance(accounts_facts.assessed(action, asked, customer, at)[1].decision, Allow)


def for_giving(
    partner: Partner, customer: User, shown: Iterable[str], ticked: Iterable[str], at: datetime,
    *, read: Mapping[str, str],
) -> policy.Giving:  # fmt: skip
    """A customer's answer on the consent page, where they ``read`` these texts."""
    shown = tuple(shown)
    speaking = {OF_SCOPES[name] for name in shown}
    return policy.Giving(
        customer_active=customer.is_open_at(at),
        partner_enabled=partner.serves(customer.pk),
        ceiling=tuple(partner.scopes_allowed),
        shown=shown,
        ticked=tuple(ticked),
        required=_required(shown),
        texts_stand=speaking <= read.keys() and records.still_active({UUID(read[key]) for key in speaking}),
    )


def connected_today(customer: User, besides: UUID, at: datetime) -> list[datetime]:
    """When the customer connected other apps, within a day."""
    rows = Consent.objects.filter(customer=customer, given_at__gt=at - timedelta(days=1)).exclude(partner=besides)
    return list(rows.values_list("given_at", flat=True))


def for_change(consent: Consent, by: Actor, removed: Iterable[str] = ()) -> policy.Changing:
    """A consent about to be narrowed or ended."""
    holder = policy.Holder.OTHER
    if by.kind is ActorKind.CUSTOMER and by.id == consent.customer_id:
        holder = policy.Holder.OWNER
    elif by.kind is ActorKind.PARTNER and by.id == consent.partner_id:
        holder = policy.Holder.PARTNER
    elif by.kind is ActorKind.SYSTEM:
        holder = policy.Holder.SYSTEM
    return policy.Changing(
        consent=consent.pk,
        is_ended=consent.ended_at is not None,
        holder=holder,
        removed=tuple(removed),
        required=_required(consent.scopes),
    )


def _required(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(scope.name for scope in scopes.described(names) if scope.required)


def named_now(
    place: str, fields: Iterable[str], consent: Consent, asked: gate.Facts, at: datetime, *, partner: Partner
) -> tuple[str, ...]:
    """Of the fields that it named for this place, those whose scope it may have, the customer allows, and the gate."""
    named = claims.named_for(place, fields)
    if not named:
        return ()
    opened = open_now(covered(consent, partner, at) & set(named.values()), asked, consent.customer, at)
    return tuple(name for name, scope in named.items() if scope in opened)


def signed_in(session: Session) -> dict[str, Any]:
    """How and when the customer proved who they are in this session."""
    return {
        "auth_time": int(session.auth_time.timestamp()),
        "acr": Level(session.level).acr,
        "amr": list(amr_of(Method(name) for name in session.methods)),
    }


def shown(customer: User, scope: str, at: datetime) -> str:
    """The customer's own values behind a scope, for the consent page; the phone number without its middle."""
    match scope:
        case "profile":
            return ", ".join(part for part in (customer.name, customer.locale, customer.timezone) if part)
        case "email":
            return customer.email
        case "phone":
            phone = customer.phone
            return f"{phone[:3]} ···· {phone[-4:]}" if phone else _("You have not given one.")
        case scopes.IDENTITY:
            return ", ".join(identity.claims(customer, at).values()) or _("You have not shown who you are.")
        case scopes.IDENTITY_EVIDENCE:
            return identity.document(customer, at)
    return ""
