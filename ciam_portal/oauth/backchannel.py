"""Partners hear that a session is over (OpenID Connect Back-Channel Logout 1.0).

Who took part is known from the first ID token on. The end of a session puts a message for each of them into the outbox,
in the same transaction; the token is signed when it is delivered, and so is young however long the partner was away.
"""

from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from ciam_portal.core import clock, fetch
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.tell import put
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.models import Participant, Partner
from ciam_portal.oauth.scopes import HEARING
from ciam_portal.oauth.subjects import subject

KIND = "logout+jwt"
CHANNEL = "partner"
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


def took_part(partner: Partner, session: UUID) -> str:
    """The ``sid`` under which the partner knows this session; "" if it does not want to hear of its end."""
    known = takes_part(partner, session)
    return Participant.objects.get_or_create(session_id=session, partner=partner)[0].pk.hex if known is None else known


def takes_part(partner: Partner, session: UUID) -> str | None:
    """The same; None: it would be its first time."""
    if not partner.backchannel_logout_uri and not HEARING & set(partner.scopes_allowed):  # nor of what becomes of it
        return ""
    found = Participant.objects.filter(session_id=session, partner=partner).first()
    return found.pk.hex if found else None


def is_of(sid: str, partner: Partner, session: UUID) -> bool:
    """Whether this is what the partner knows this session by."""
    try:
        rows = Participant.objects.filter(pk=UUID(sid), partner=partner, session_id=session)
    except ValueError:
        return False
    return rows.exists()


def untold() -> QuerySet[Participant]:
    """Who is still to hear of the end of a session, and can."""
    rows = Participant.objects.filter(told_at=None, partner__is_enabled=True)
    return rows.exclude(partner__backchannel_logout_uri="")


def tell_of_ends(sessions: Collection[UUID], at: datetime) -> int:
    """These sessions are over: each partner that took part will hear of it, once. How many."""
    rows = untold().filter(session__in=sessions).select_related("partner", "session__customer")
    found = list(rows.select_for_update(of=("self",)))
    for row in found:
        content = {"partner": str(row.partner_id), "sub": subject(row.partner, row.session.customer_id)}
        content |= {"sid": row.pk.hex, "jti": codes.new_id().hex}
        put(row.session.customer, f"logout:{row.partner_id}", CHANNEL, content, at)
    Participant.objects.filter(pk__in=[row.pk for row in found]).update(told_at=at)
    return len(found)


def deliver(_notice: Notice, content: dict[str, Any]) -> None:
    """POST the logout token (section 2.5). Raises Undeliverable, NotNow or OSError."""
    partner = Partner.objects.filter(pk=content["partner"]).first()
    if partner is None or not partner.is_enabled or not partner.backchannel_logout_uri:
        raise channels.Undeliverable("no address")
    body = urlencode({"logout_token": _token(partner, content, clock.now())}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        status = fetch.post(partner.backchannel_logout_uri, body, headers)
    except fetch.Unreachable as error:
        raise OSError(str(error)) from None
    if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        return
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LATER:
        raise channels.Undeliverable(f"HTTP {status}")
    raise channels.NotNow(f"HTTP {status}")


def _token(partner: Partner, content: dict[str, Any], at: datetime) -> str:
    """Section 2.4: the same ``jti`` at each attempt, and never a nonce, so that it is no ID token."""
    now = int(at.timestamp())
    claims = {
        "iss": settings.PUBLIC_URL,
        "sub": content["sub"],
        "aud": partner.client_id,
        "iat": now,
        "exp": now + limits.current().oauth.logout_token_seconds,
        "jti": content["jti"],
        "events": {_EVENT: {}},
        "sid": content["sid"],
    }
    return jwts.sign(claims, keys.signing_key(partner.algorithm), KIND)
