"""ID tokens: minted and read back. ES256 only; an ID token says who signed in and opens nothing."""

from typing import Any

from django.conf import settings

from ciam_portal.oauth import jwts, keys

ALGORITHM = jwts.ES256


def mint(claims: dict[str, Any]) -> str:
    """A signed ID token with these claims, and the portal as its issuer."""
    return jwts.sign(claims | {"iss": settings.PUBLIC_URL}, keys.signing_key())


def half_hash(value: str) -> str:
    """``at_hash`` of an access token (OpenID Connect Core section 3.1.3.6)."""
    return jwts.hash_of(value, 16)


def read_hint(text: str) -> dict[str, Any] | None:
    """The claims of an ID token that this portal once issued, expired or not; None for anything else."""
    claims = jwts.read(text, keys.named, algorithms=(ALGORITHM,), kinds=("jwt",))
    if claims is None or claims.get("iss") != settings.PUBLIC_URL:
        return None
    return claims if all(isinstance(claims.get(name), str) for name in ("sub", "aud")) else None


def is_by_a_former_key(text: str) -> bool:
    """Whether this claims to be an ID token of ours, by a key that we have no more. It proves nothing."""
    header, claims = jwts.unverified(text)
    unknown = header.get("alg") == ALGORITHM and not keys.named(str(header.get("kid", "")))
    return unknown and claims.get("iss") == settings.PUBLIC_URL
