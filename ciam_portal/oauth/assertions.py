"""What partners sign: who they are (RFC 7523 section 3), and what they ask for (RFC 9101)."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import QueryDict

from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, partner_keys
from ciam_portal.oauth.credentials import known
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import Partner

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_ID = 128
_ASSERTION_KINDS = ("", "jwt", "client-authentication+jwt")
_REQUEST_KINDS = ("", "jwt", "oauth-authz-req+jwt")
_NOT_ASKED = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})


def speaks_of(assertion: str) -> str:
    """The ``client_id`` that an assertion claims to be of. It proves nothing."""
    named = jwts.unverified(assertion)[1].get("sub")
    return named if isinstance(named, str) else ""


def proves(assertion: str, partner: Partner, held: Credential, at: datetime) -> bool:
    """Whether the partner signed this with these keys, for us, just now, and never showed it (RFC 7523 section 3)."""
    claims = jwts.read(assertion, partial(partner_keys.of, [held]), algorithms=jwts.ALGORITHMS, kinds=_ASSERTION_KINDS)
    if claims is None or {claims.get("iss"), claims.get("sub")} != {partner.client_id}:
        return False
    ends = _ends(claims, at, limits.current().oauth.assertion_seconds)
    own = claims.get("jti")
    if ends is None or claims.get("aud") != settings.PUBLIC_URL:
        return False
    if not isinstance(own, str) or not 0 < len(own) <= _LONGEST_ID:
        return False
    shown = codes.handle(f"{partner.client_id}\x00{own}", "client assertion")
    return bool(cache.add(f"assertion:{shown}", 1, ends + limits.current().oauth.clock_skew_seconds))


def asked(text: str, partner: Partner, at: datetime) -> QueryDict | None:
    """The parameters of a request object (RFC 9101 section 4) that the partner signed for us; None for any other."""
    held = partial(partner_keys.of, known.live(partner, at))
    claims = jwts.read(text, held, algorithms=jwts.ALGORITHMS, kinds=_REQUEST_KINDS)
    if claims is None or claims.get("iss") != partner.client_id or claims.get("aud") != settings.PUBLIC_URL:
        return None
    if _ends(claims, at, limits.current().oauth.request_object_seconds) is None:
        return None
    if claims.get("client_id") != partner.client_id or {"sub", "request", "request_uri"} & set(claims):
        return None
    said = QueryDict(mutable=True)
    for name, value in claims.items():
        if name not in _NOT_ASKED:
            said.setlist(name, _as_texts(name, value))
    return said


def _as_texts(name: str, value: Any) -> list[str]:  # noqa: ANN401  (JSON)
    each = value if name == "resource" and isinstance(value, list) else [value]  # RFC 8707 section 2.1
    return [one if isinstance(one, str) else json.dumps(one) for one in each]


def _ends(claims: dict[str, Any], at: datetime, longest: int) -> int | None:
    """In how many seconds it ends; None if it has, does not begin yet, or would live longer than it may."""
    skew, now = limits.current().oauth.clock_skew_seconds, int(at.timestamp())
    times = jwts.seconds(claims, "exp", "nbf", "iat")
    if times is None or "exp" not in times:
        return None
    begins = max(times.get("nbf", now), times.get("iat", now))
    left = times["exp"] - now
    return left if -skew < left <= longest + skew and begins <= now + skew else None
