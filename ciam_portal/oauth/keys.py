"""The keys that sign ID tokens: ES256 (RFC 7518 section 3.4). The first in settings signs; all are published."""

from functools import cache
from typing import Any

from django.conf import settings
from jwcrypto import jwk


@cache
def ring() -> tuple[Any, ...]:
    """Every key, the signing one first. To rotate: publish a new one last, later put it first, at last drop the old."""
    return tuple(jwk.JWK.from_pem(pem) for pem in settings.OIDC_SIGNING_KEYS)


def signing_key() -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """The private key that signs today."""
    return ring()[0]


def named(kid: str) -> list[Any]:
    """The key with this id (RFC 7638 thumbprint), if there is one."""
    return [key for key in ring() if key.thumbprint() == kid]


def public_set() -> dict[str, list[dict[str, str]]]:
    """The JSON Web Key Set that partners read (RFC 7517 section 5)."""
    return {
        "keys": [
            key.export_public(as_dict=True) | {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"} for key in ring()
        ]
    }
