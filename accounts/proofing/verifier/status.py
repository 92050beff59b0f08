"""Whether an issuer still stands by a credential (Token Status List). Fetched only where the trust list says."""

import zlib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache

from accounts.proofing.verifier import jose
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.verifier.trust import Issuer
from ciam_portal.core import base64url, fetch

KIND = "statuslist+jwt"
_VALID = 0
_MOST_BYTES = 16 * 1024 * 1024  # of a list, unpacked
_MOST_TOKEN = 2 * 1024 * 1024
_LEAST_TTL, _MOST_TTL = 60, 24 * 3600
_SKEW = timedelta(minutes=5)
_BITS = frozenset({1, 2, 4, 8})


def valid(said: object, issuer: Issuer, at: datetime) -> None:
    """Raises NotGood unless the list that this credential names says that it is valid; or the issuer has none."""
    if said is None and not issuer.status_hosts:
        return
    try:
        index, uri = said["status_list"]["idx"], said["status_list"]["uri"]  # type: ignore[index]  # whatever it is
    except (TypeError, KeyError):
        raise NotGood("no_status") from None
    if type(index) is not int or index < 0 or not isinstance(uri, str):
        raise NotGood("no_status")
    if urlsplit(uri).netloc not in issuer.status_hosts:
        raise NotGood("status_elsewhere")
    if value(_list(uri, issuer, at), index) != _VALID:
        raise NotGood("revoked")


def value(listed: dict[str, Any], index: int) -> int:
    """What a list says at this place, counted from the least significant bit. Raises NotGood."""
    bits, packed = listed.get("bits"), listed.get("lst")
    if bits not in _BITS or not isinstance(packed, str):
        raise NotGood("no_status_list")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64url.decode(packed), _MOST_BYTES)
    except (ValueError, zlib.error):
        raise NotGood("no_status_list") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise NotGood("status_list_too_large")
    place, shift = divmod(index * bits, 8)
    if place >= len(data):
        raise NotGood("status_out_of_range")
    found: int = data[place] >> shift & (1 << bits) - 1
    return found


def _list(uri: str, issuer: Issuer, at: datetime) -> dict[str, Any]:
    kept = f"status-list:{jose.hash_of(uri.encode())}"
    text = cache.get(kept)
    if text is None:
        try:
            text = fetch.get(uri, most=_MOST_TOKEN).decode("ascii").strip()
        except (fetch.Unreachable, ValueError):
            raise NotGood("status_unreachable") from None
    claims = jose.verified(text, issuer.may_have_signed(jose.said(text).header, at), KIND).claims
    if claims.get("sub") != uri:
        raise NotGood("another_status_list")
    ends = _ends(claims, at)
    ttl = claims.get("ttl", _LEAST_TTL)
    seconds = min(max(ttl, _LEAST_TTL), _MOST_TTL) if _is_time(ttl) else _LEAST_TTL
    cache.add(kept, text, int(min(seconds, max(1.0, ends - at.timestamp()))))
    found = claims.get("status_list")
    if not isinstance(found, dict):
        raise NotGood("no_status_list")
    return found


def _ends(claims: dict[str, Any], at: datetime) -> float:
    """Until when this list holds. Raises NotGood if that is over, or not yet."""
    made, ends = claims.get("iat"), claims.get("exp", at.timestamp() + _MOST_TTL)
    if not _is_time(made) or not _is_time(ends):
        raise NotGood("status_list_expired")
    if not float(made or 0) - _SKEW.total_seconds() <= at.timestamp() < float(ends):
        raise NotGood("status_list_expired")
    return float(ends)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
