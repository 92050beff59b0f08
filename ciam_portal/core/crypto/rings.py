"""The rings of keys that the environment gives, by their names there. The first key of a ring is used; all are known.

One that may be empty is switched off then. A key is called by a name that gives nothing of it away.
"""

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings
from jwcrypto import jwk

RINGS = (
    "SECRET_KEY", "DIGEST_KEYS", "DATA_KEYS", "DEVICE_KEYS", "AUDIT_KEYS", "CHECKPOINT_KEYS", "SUBJECT_KEY",
    "OIDC_SIGNING_KEYS", "VAPID_KEYS",
)  # fmt: skip
PORTAL = b"portal"
"""In place of a signing key: those that the portal makes itself (``ciam_portal.oauth.signing``)."""
_NAME = b"name of an audit key"  # the first keys that had names; seals keep them
_DIGITS = 8


@lru_cache(maxsize=64)
def name_of(key: bytes) -> str:
    """What a key is called where it must be named: in a row, a log, a sentence to the operator."""
    return hmac.digest(key, _NAME, hashlib.sha256).hex()[:_DIGITS]


def names(ring: str) -> list[str]:
    """What the keys of this ring are called, the one in use first. Signing keys by the ``kid`` that partners see."""
    match ring:
        case "SECRET_KEY":
            return [name_of(key.encode()) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
        case "SUBJECT_KEY":
            return [name_of(settings.SUBJECT_KEY)]
        case "OIDC_SIGNING_KEYS":
            given = settings.OIDC_SIGNING_KEYS
            return [pem.decode() if pem == PORTAL else str(jwk.JWK.from_pem(pem).thumbprint()) for pem in given]
    return [name_of(key) for key in getattr(settings, ring)]
