"""Proof of possession (RFC 9449): a token is worth something only together with a key, and each request proves it.

A key is known by its thumbprint, ``jkt`` (RFC 7638, base64url). Proofs carry a nonce of ours that changes with time, so
that none is made long ahead; nothing is kept for that.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from ciam_portal.core import clock
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts
from ciam_portal.oauth.errors import ProtocolError

SCHEME = "DPoP"
INVALID = "invalid_dpop_proof"
WANTS_NONCE = "use_dpop_nonce"
_KIND = "dpop+jwt"
_LONGEST_ID = 128
_PURPOSE = "dpop nonce"
_PORTS = {"https": 443, "http": 80}


def proven(request: HttpRequest, at: datetime, *, token: str = "") -> str:
    """The ``jkt`` of the key that signed this very request, with this access token if there is one.

    "" if nothing was sent to prove it. Raises ProtocolError (RFC 9449 section 4.3).
    """
    text = request.headers.get(SCHEME)
    return "" if text is None else _proven(text, str(request.method), request.path, token, at)


def proves_again(method: str, path: str, token: str, jkt: str, asked: Mapping[str, Any]) -> bool:
    """Whether the same request, come once more, brings another proof by this key (``grounds.may_repeat``)."""
    try:
        return _proven(asked["HTTP_DPOP"], method, path, token, clock.now()) == jkt
    except ProtocolError:
        return False


def _proven(text: str, method: str, path: str, token: str, at: datetime) -> str:
    found = jwts.self_signed(text, kind=_KIND)
    if found is None:
        raise _no("it is no signed proof with a public key")
    key, claims = found
    if claims.get("htm") != method or _plain(claims.get("htu")) != _plain(settings.PUBLIC_URL + path):
        raise _no("it is for another request")
    if token and claims.get("ath") != jwts.hash_of(token):
        raise _no("it is for another access token")
    own, left = claims.get("jti"), _left(claims, at)
    if left is None:
        raise _no("it was not made just now")
    if not isinstance(own, str) or not 0 < len(own) <= _LONGEST_ID:
        raise _no("it has no jti")
    if not _is_ours(claims.get("nonce"), at):
        raise ProtocolError(WANTS_NONCE, "take the nonce that stands in DPoP-Nonce")
    jkt = str(key.thumbprint())
    shown = codes.handle(f"{jkt}\x00{own}\x00{method}\x00{path}", "dpop proof")
    if not cache.add(f"dpop:{shown}", 1, left):
        raise _no("it was shown before")
    return jkt


def with_nonce(response: HttpResponse, at: datetime) -> HttpResponse:
    """The answer, with the nonce for the next proof (RFC 9449 section 8)."""
    response["DPoP-Nonce"] = _nonces(_period(at))[0]
    return response


def _no(description: str) -> ProtocolError:
    return ProtocolError(INVALID, description)


def _period(at: datetime) -> int:
    return int(at.timestamp()) // limits.current().oauth.nonce_seconds


def _is_ours(nonce: Any, at: datetime) -> bool:  # noqa: ANN401  (JSON)
    """Whether it is the nonce of now, or of just before."""
    return any(nonce in _nonces(period) for period in (_period(at), _period(at) - 1))


@lru_cache(maxsize=4)
def _nonces(period: int) -> list[str]:
    """What is said to everybody in this period, and what was by keys that are being rotated out."""
    return codes.digests(str(period), _PURPOSE)


def _left(claims: dict[str, Any], at: datetime) -> int | None:
    """For how many seconds it could still be shown; None if it is too old, or not of now."""
    longest, skew = limits.current().oauth.proof_seconds, limits.current().oauth.clock_skew_seconds
    now, times = int(at.timestamp()), jwts.seconds(claims, "iat", "exp", "nbf")
    if times is None or "iat" not in times:
        return None
    made = times["iat"]
    if not now - longest - skew <= made <= now + skew:
        return None
    if times.get("exp", now) < now - skew or times.get("nbf", now) > now + skew:
        return None
    return made + longest + 2 * skew - now + 1


def _plain(url: Any) -> tuple[str, str, int | None, str] | None:  # noqa: ANN401  (JSON)
    """What two spellings of an address have in common, without query and fragment."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        return None
    return parts.scheme.lower(), (parts.hostname or "").lower(), port, unquote(parts.path)
