"""ID tokens: minted and read back. An ID token says who signed in and opens nothing."""

from typing import Any

from django.conf import settings

from ciam_portal.oauth import jwts, keys


def mint(claims: dict[str, Any], algorithm: str, access_token: str) -> str:
    """A signed ID token with these claims, the portal as its issuer, beside this access token."""
    ours = {"iss": settings.PUBLIC_URL, "at_hash": jwts.half_hash(access_token, algorithm)}
    return jwts.sign(claims | ours, keys.signing_key(algorithm))


def read_hint(text: str) -> dict[str, Any] | None:
    """The claims of an ID token that this portal once issued, expired or not; None for anything else."""
    claims = jwts.read(text, keys.named, algorithms=jwts.OURS, kinds=("jwt",))
    if claims is None or claims.get("iss") != settings.PUBLIC_URL:
        return None
    return claims if all(isinstance(claims.get(name), str) for name in ("sub", "aud")) else None


def is_by_a_former_key(text: str) -> bool:
    """Whether this claims to be an ID token of ours, by a key that we have no more. It proves nothing."""
    header, claims = jwts.unverified(text)
    unknown = header.get("alg") in jwts.OURS and not keys.named(str(header.get("kid", "")))
    return unknown and claims.get("iss") == settings.PUBLIC_URL
