"""The keys that sign: those that the portal makes, and, for what partners receive, those that the environment gives.

For ES256 tokens whatever stands first in ``OIDC_SIGNING_KEYS`` signs: ``portal``, or a key of the environment's. What
was made or revoked in another process is known here within ``SECONDS``.
"""

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from ciam_portal.core import clock
from ciam_portal.core.crypto import vault
from ciam_portal.core.crypto.rings import PORTAL
from ciam_portal.oauth import jwts
from ciam_portal.oauth.signing.models import SigningKey, Use

SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Kept:
    rows: tuple[SigningKey, ...]
    until: float  # on the monotonic clock


_kept: _Kept | None = None


def signing_key(algorithm: str = jwts.ES256, use: Use = Use.TOKENS) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    """The private key that signs with this algorithm today. Raises LookupError: there is none."""
    first = settings.OIDC_SIGNING_KEYS[0]
    if algorithm == jwts.ES256 and use is Use.TOKENS and first != PORTAL:
        return _given(first)
    row = _signing(algorithm, use)
    if row is None:
        forget()  # it may just have been made
        row = _signing(algorithm, use)
    if row is None:
        message = f"No key signs {use.value} with {algorithm}: see manage.py keys."
        raise LookupError(message)
    return _opened(row.sealed, row.context)


def named(kid: str, use: Use = Use.TOKENS) -> list[Any]:
    """The key with this id (RFC 7638 thumbprint), if it is published."""
    return [key for key in _published(use) if key.thumbprint() == kid]


def public_set(use: Use = Use.TOKENS) -> dict[str, list[dict[str, str]]]:
    """The JSON Web Key Set that others read (RFC 7517 section 5)."""
    own = [key.export_public(as_dict=True) | {"use": "sig", "alg": jwts.algorithm_of(key)} for key in _published(use)]
    return {"keys": own}


def forget() -> None:
    """Read again at the next question: a key was made, retired or revoked."""
    global _kept  # noqa: PLW0603  (one process, one ring)
    _kept = None


def _published(use: Use) -> list[Any]:
    given = [_given(pem) for pem in settings.OIDC_SIGNING_KEYS if use is Use.TOKENS and pem != PORTAL]
    return given + [_public(json.dumps(row.public)) for row in _rows() if row.use == use]


def _signing(algorithm: str, use: Use) -> SigningKey | None:
    """The newest whose time has come; the first that waits, if there is no other."""
    at = clock.now()
    mine = [row for row in _rows() if (row.algorithm, row.use) == (algorithm, use) and row.sealed]
    ready = [row for row in mine if row.signs_from <= at]
    return next(iter([*reversed(ready), *mine]), None)


def _rows() -> tuple[SigningKey, ...]:
    global _kept  # noqa: PLW0603  (one process, one ring)
    kept = _kept
    if kept is None or time.monotonic() >= kept.until:
        rows = tuple(SigningKey.objects.published(clock.now()))
        kept = _kept = _Kept(rows, time.monotonic() + SECONDS)
    return kept.rows


@lru_cache(maxsize=16)
def _given(pem: bytes) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    return jwts.from_pem(pem)


@lru_cache(maxsize=256)
def _public(text: str) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    return jwts.from_json(text)


@lru_cache(maxsize=16)
def _opened(sealed: str, context: str) -> Any:  # noqa: ANN401  (jwcrypto is untyped)
    return jwts.from_json(vault.unseal(sealed, context).decode())
