"""Gathers what is asked about details, and what tokens carry of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.factors import bound as factors
from accounts.models import Session, User
from ciam_portal.core import gate
from ciam_portal.core.policy.channel import Channel
from ciam_portal.oauth import details
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import AccessToken, AuthorizationCode, RefreshToken
from ciam_portal.oauth.transactions import Transaction
from consent.details.policy import Approving
from consent.models import AuthorizationDetail, Consent

_SHOWN = 20


def for_approving(consent: Consent, customer: User, asked: Iterable[Detail], at: datetime) -> Approving:
    """A customer's yes."""
    return Approving(
        consent=consent.pk,
        consent_ended=consent.ended_at is not None,
        customer_active=customer.is_open_at(at),
        partner_enabled=consent.partner.is_enabled,
        ceiling=details.open_to(consent.partner),
        asked=tuple(each["type"] for each in asked),
    )


def for_transaction(
    token: gate.Facts,
    person: User,
    session: Session,
    transaction: Transaction,
    channel: Channel | None,
    *,
    at: datetime,
) -> gate.Facts:
    """What the gate asks about a transaction, of what it knows of the token and of whoever acts with it.

    Nobody transacts from a session that is over, offline access or not.
    """
    return replace(
        token,
        channel=channel,
        session_live=session.customer_id == person.pk and session.ended_at is None and at < session.expires_at,
        highest=factors.highest_level(person),
        amount=transaction.amount,
        currency=transaction.currency,
    )


def narrowed(held: Sequence[UUID] | None, wanted: Iterable[Detail] | None) -> tuple[UUID, ...] | None:
    """Of what a code or token holds, what is ``wanted`` (None: all of it). None if more is wanted than it holds."""
    if wanted is None:
        return tuple(held or ())
    known = {row.pk: row.said for row in AuthorizationDetail.objects.filter(pk__in=held or ())}
    found = [next((key for key, said in known.items() if said == each), None) for each in wanted]
    return None if None in found else tuple(key for key in found if key)


def standing(keys: Sequence[UUID] | None) -> list[AuthorizationDetail]:
    """Of these, those that are still to be done. No statement for none."""
    return list(AuthorizationDetail.objects.standing(keys)) if keys else []


def named(keys: Sequence[UUID] | None, wanted: Sequence[Detail]) -> dict[UUID, Detail]:
    """Of what is ``wanted``, that which a token holds and which is still to be done. No statement for nothing."""
    return {row.pk: row.said for row in standing(keys if wanted else None) if row.said in wanted}


def outstanding(consent: Consent, at: datetime) -> Iterable[AuthorizationDetail]:
    """What its app may still do of what was approved: what a code or token carries that is good for anything."""
    codes = AuthorizationCode.objects.filter(consent=consent, used_at=None, expires__gt=at)
    kept = RefreshToken.objects.filter(consent=consent, revoked=None, idle_at__gt=at, expires_at__gt=at)
    out = AccessToken.objects.filter(consent=consent, expires__gt=at)
    carried = codes.values_list("details").union(kept.values_list("details"), out.values_list("details"))
    return AuthorizationDetail.objects.standing({key for (keys,) in carried for key in keys or ()})


def for_use(keys: Sequence[UUID] | None, transaction: Transaction) -> AuthorizationDetail | None:
    """The one of these that lets exactly this be done, and was not done yet."""
    return next((row for row in standing(keys) if details.transaction(row.said) == transaction), None)


def listed(consent: Consent) -> list[dict[str, Any]]:
    """What the customer approved of this app, latest first, for a page."""
    rows = consent.details.order_by("-given_at")[:_SHOWN]
    return [details.described(row.said) | {"given_at": row.given_at, "used_at": row.used_at} for row in rows]
