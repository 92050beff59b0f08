"""The keys that partners prove themselves with: registered with us, or published by them (RFC 7517)."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import cache

from ciam_portal.core import fetch
from ciam_portal.core.crypto import codes
from ciam_portal.oauth import jwts
from ciam_portal.oauth.credentials.models import Credential

_LARGEST = 32_768  # bytes of a published set
_KEPT_SECONDS = 300
_AGAIN_SECONDS = 30  # a key that nobody knows makes us look again, not oftener


def of(held: Iterable[Credential], kid: str) -> list[Any]:
    """Those of these credentials' keys that may have signed what names ``kid``; none if they cannot be had."""
    return [key for each in held for key in _of(each, kid)]


def _of(held: Credential, kid: str) -> list[Any]:
    if not held.jwks_uri:
        return jwts.named(_usable(held.jwks), kid)
    return published(held.jwks_uri, kid, _usable)


def published(uri: str, kid: str, usable: Callable[[Any], tuple[Any, ...]]) -> list[Any]:
    """Those that somebody publishes at ``uri``. ``usable``: which of what stands there may sign."""
    found = jwts.named(usable(_published(uri)), kid)
    if not found and cache.add(_key("again", uri), 1, _AGAIN_SECONDS):
        cache.delete(_key("set", uri))
        found = jwts.named(usable(_published(uri)), kid)
    return found


def _published(uri: str) -> Any:  # noqa: ANN401  (JSON)
    """What stands there, or stood there lately. What cannot be had or read is kept as nothing, and not for long."""
    kept = cache.get(_key("set", uri))
    if kept is not None:
        return kept
    try:
        document, seconds = json.loads(fetch.get(uri, most=_LARGEST)), _KEPT_SECONDS
    except (fetch.Unreachable, ValueError, RecursionError):
        document, seconds = {}, _AGAIN_SECONDS
    cache.set(_key("set", uri), document, seconds)
    return document


def _usable(document: Any) -> tuple[Any, ...]:  # noqa: ANN401  (JSON)
    try:
        return jwts.key_set(document)
    except jwts.UnusableKeys:
        return ()


def _key(what: str, uri: str) -> str:
    return f"jwks:{what}:{codes.handle(uri, 'jwks')}"
