"""ID tokens: minted and read back. ES256 only; an ID token says who signed in and opens nothing."""

import base64
import hashlib
import json
from typing import Any

from django.conf import settings
from jwcrypto import jws
from jwcrypto.common import JWException

from ciam_portal.oauth import keys

ALGORITHM = "ES256"
_LONGEST = 8192


def mint(claims: dict[str, Any]) -> str:
    """A signed ID token with these claims, and the portal as its issuer."""
    key = keys.signing_key()
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.thumbprint()}
    token = jws.JWS(json.dumps(claims | {"iss": settings.PUBLIC_URL}))
    token.add_signature(key, alg=ALGORITHM, protected=json.dumps(header))
    return str(token.serialize(compact=True))


def half_hash(value: str) -> str:
    """``at_hash`` of an access token (OpenID Connect Core section 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).decode().rstrip("=")


def read_hint(text: str) -> dict[str, Any] | None:
    """The claims of an ID token that this portal once issued, expired or not; None for anything else."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        token = jws.JWS()
        token.allowed_algs = [ALGORITHM]
        token.deserialize(text)
        key = keys.key_named(str(token.jose_header.get("kid", "")))
        if key is None:
            return None
        token.verify(key)
        claims = json.loads(token.payload)
    except (JWException, ValueError, TypeError, AttributeError, RecursionError):
        return None
    known = isinstance(claims, dict) and claims.get("iss") == settings.PUBLIC_URL
    return claims if known and all(isinstance(claims.get(name), str) for name in ("sub", "aud")) else None


def is_by_a_former_key(text: str) -> bool:
    """Whether this claims to be an ID token of ours, by a key that we have no more. It proves nothing."""
    try:
        token = jws.JWS()
        token.deserialize(text[:_LONGEST])
        claims = json.loads(token.objects["payload"])
        header = token.jose_header
        unknown = header.get("alg") == ALGORITHM and keys.key_named(str(header.get("kid", ""))) is None
    except (JWException, ValueError, TypeError, AttributeError, RecursionError, KeyError):
        return False
    return unknown and isinstance(claims, dict) and claims.get("iss") == settings.PUBLIC_URL
