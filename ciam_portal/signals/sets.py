"""Security event tokens (RFC 8417), as SSF 1.0 section 4.1 has them: made when they are handed over, and so young."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef

from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import USE_SCOPE
from ciam_portal.oauth import jwts, keys, scopes
from ciam_portal.oauth.models import Partner
from ciam_portal.signals.meanings import ENABLED, SCOPE
from ciam_portal.signals.models import Signal
from consent.ledger.shapes import Party, Way
from consent.models import Consent
from consent.permission import facts as permission
from consent.records import facts as records
from consent.use import facts, fields, flows
from consent.use.shapes import Released, To

KIND = "secevent+jwt"


def tokens(rows: Iterable[Signal], at: datetime) -> dict[Signal, str | None]:
    """The token of each of these signals; None for one that may not be told any more. What is not true yet is put off.

    Who is suspended for longer than was said is not enabled before that ends; who is locked, not before an unlock says.
    """
    found = list(rows)
    ids = [row.consent for row in found if row.consent]
    consents = _live(ids)
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


def _live(ids: Collection[UUID]) -> dict[UUID | None, Consent]:
    """These connections, as far as they are, with what was said under them. One statement."""
    said, found = records.choices(OuterRef("customer"), OuterRef("partner")), dict[UUID | None, Consent]()
    rows: Any = Consent.objects.live().filter(pk__in=ids).select_related("customer").annotate(said=said)
    for consent in rows:
        consent.choices, found[consent.pk] = consent.said, consent
    return found


def _token(row: Signal, content: dict[str, Any], consent: Consent | None, at: datetime) -> str | None:
    stream, event = row.stream, content["event"]
    if row.consent is not None:
        covered = _covered(consent, stream.partner, at) if consent else frozenset[str]()
        if consent is None or not covered or not set(content["needs"]) <= covered:
            return None
        named = _named(covered, content["claims"])
        released = _released(consent, content["needs"], named, at)
        if released.withheld and content["needs"]:
            return None
        if content["claims"]:
            event["claims"] = _values(consent, content["claims"], covered, named, released, at=at)
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


def _covered(consent: Consent, partner: Partner, at: datetime) -> frozenset[str]:
    """The scopes that count at this moment, as for a token: where none does, a partner hears nothing."""
    return permission.covered(consent, partner, at) if partner.serves(consent.customer_id) else frozenset()


def _named(covered: Iterable[str], claims: Iterable[str]) -> frozenset[str]:
    """Of these claims, those that the scopes which count now open without asking for more."""
    free = [name for name in covered if USE_SCOPE + name not in limits.current().actions]
    return scopes.claims_of(free) & facts.COLUMNS.keys() & set(claims)


def _released(consent: Consent, needs: Collection[str], named: Collection[str], at: datetime) -> Released:
    """What of it may be told; of what says nothing of a person but that they are there, nothing is asked."""
    if not (needs or named):
        return Released()
    to = To(Party(consent.partner_id), Way.SIGNAL)
    return flows.release_to_app(consent, consent.customer, needs, to, named=named, at=at)


def _values(
    consent: Consent,
    names: Iterable[str],
    covered: Collection[str],
    named: Collection[str],
    released: Released,
    *,
    at: datetime,
) -> dict[str, Any]:
    """What these claims are now, as far as they may be told; null, if there is nothing."""
    scope = " ".join(name for name in scopes.SCOPES if name in covered)
    known = fields.of(consent.customer, released, (), named=named) | {SCOPE: scope}
    known |= fields.verified_claims(consent.customer, released, (), named=named, at=at)
    told = {SCOPE, *(name for name in named if facts.category_of(name) in released.categories)}
    return {name: known.get(name) for name in names if name in told}
