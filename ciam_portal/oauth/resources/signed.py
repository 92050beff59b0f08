"""What a resource can verify by itself: access tokens (RFC 9068), and what we answer about one (RFC 9701).

Each has a ``typ`` of its own, so that none passes for another, nor for any other token of ours.
"""

from datetime import datetime
from typing import Any

from django.conf import settings

from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.models import AccessToken, Partner, RefreshToken

ACCESS, ANSWER = "at+jwt", "token-introspection+jwt"


def described(found: AccessToken | RefreshToken, ends: datetime, made: datetime) -> dict[str, Any]:
    """What a token says of itself: in it, if it is signed, and in what is answered about it."""
    said: dict[str, Any] = {"iss": settings.PUBLIC_URL, "exp": int(ends.timestamp()), "iat": int(made.timestamp())}
    said |= {"jti": found.pk.hex, "scope": found.scope}
    if isinstance(found, AccessToken):
        said |= {"aud": found.resource[0]} if found.resource else {}
    return said | ({"cnf": {"jkt": found.jkt}} if found.jkt else {})


def access_token(row: AccessToken, says: dict[str, Any], server: Partner, at: datetime) -> str:
    """One for a resource that this partner runs; ``says`` is the rest that it is to say. No personal data is in it."""
    return jwts.sign(says | described(row, row.expires, at), keys.signing_key(server.algorithm), ACCESS)


def answer(said: dict[str, Any], asking: Partner, at: datetime) -> str:
    """What is told about a token, for this partner alone: nested, so that it is none itself (RFC 9701 section 5)."""
    claims = {"iss": settings.PUBLIC_URL, "aud": asking.client_id, "iat": int(at.timestamp())}
    return jwts.sign(claims | {"token_introspection": said}, keys.signing_key(asking.algorithm), ANSWER)
