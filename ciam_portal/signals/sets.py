"""Security event tokens (RFC 8417), as SSF 1.0 section 4.1 has them: made when they are handed over, and so young."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import USE_SCOPE
from ciam_portal.oauth import jwts, keys, scopes
from ciam_portal.signals.meanings import ENABLED, SCOPE
from ciam_portal.signals.models import Signal
from consent.ledger.shapes import Party, Way
from consent.models import Consent
from consent.use import facts, fields, flows
from consent.use.shapes import Released, To

KIND = "secevent+jwt"


def tokens(rows: Iterable[Signal], at: datetime) -> dict[Signal, str | None]:
    """The token of each of these signals; None for one that may not be told any more. What is not true yet is put off.

    Who is suspended for longer than was said is not enabled before that ends; who is locked, not before an unlock says.
    """
    found = list(rows)
    ids = [row.consent for row in found if row.consent]
    consents = Consent.objects.live().select_related("customer").in_bulk(ids) if ids else {}
    told: dict[Signal, str | None] = {}
    for row in found:
        content, consent = row.content(), consents.get(row.consent)
        if consent and content["type"] == ENABLED and not consent.customer.is_open_at(at):
            if consent.customer.suspended_until and consent.customer.is_suspended(at):
                row.put_off(consent.customer.suspended_until)
            else:
                told[row] = None
        else:
            told[row] = _token(row, content, consent, at)
    return told


def _token(row: Signal, content: dict[str, Any], consent: Consent | None, at: datetime) -> str | None:
    stream, event = row.stream, content["event"]
    if row.consent is not None:
        if consent is None or not set(content["needs"]) <= set(consent.scopes):
            return None
        released = _released(consent, content["needs"], content["claims"], at)
        if released.withheld and content["needs"]:
            return None
        if content["claims"]:
            event["claims"] = _values(consent, content["claims"], released)
            if not event["claims"]:
                return None
    claims = {
        "iss": settings.PUBLIC_URL,
        "jti": row.pk.hex,
        "iat": int(at.timestamp()),
        "aud": stream.aud,
        "txn": content["txn"],
        "sub_id": content["sub_id"],
        "events": {content["type"]: event},
    }
    return jwts.sign(claims, keys.signing_key(stream.partner.algorithm), KIND)


def _released(consent: Consent, needs: Collection[str], claims: Iterable[str], at: datetime) -> Released:
    """What of it may be told; of what says nothing of a person but that they are there, nothing is asked."""
    named = scopes.claims_of(_free(consent)) & set(claims)
    if not (needs or named):
        return Released()
    to = To(Party(consent.partner_id), Way.SIGNAL)
    return flows.release(facts.of(consent, consent.customer, at), facts.of_scopes(needs, named), to, at=at)


def _free(consent: Consent) -> list[str]:
    """What consent opens without asking for more."""
    return [name for name in consent.scopes if USE_SCOPE + name not in limits.current().actions]


def _values(consent: Consent, names: Iterable[str], released: Released) -> dict[str, Any]:
    """What these claims are now, as far as they may be told; null, if there is nothing."""
    free = _free(consent)
    known = fields.of(consent.customer, released, free) | {SCOPE: " ".join(consent.scopes)}
    opened = {name for name in facts.COLUMNS if facts.category_of(name) in released.categories} | {SCOPE}
    opened &= scopes.claims_of(free) | {SCOPE}
    return {name: known.get(name) for name in names if name in opened}
