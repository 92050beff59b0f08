"""Security event tokens (RFC 8417), as SSF 1.0 section 4.1 has them: made when they are handed over, and so young."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import USE_SCOPE
from ciam_portal.oauth import jwts, keys, scopes
from ciam_portal.signals.meanings import ENABLED, SCOPE
from ciam_portal.signals.models import Signal
from consent.models import Consent
from consent.permission import facts

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
        if content["claims"]:
            event["claims"] = _values(consent, content["claims"])
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


def _values(consent: Consent, names: Iterable[str]) -> dict[str, Any]:
    """What these claims are now, as far as consent opens them without asking for more; null, if there is nothing."""
    free = [name for name in consent.scopes if USE_SCOPE + name not in limits.current().actions]
    known = facts.released(consent.customer, free) | {SCOPE: " ".join(consent.scopes)}
    opened = scopes.claims_of(free) | {SCOPE}
    return {name: known.get(name) for name in names if name in opened}
