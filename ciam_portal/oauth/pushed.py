"""Requests that a partner sent ahead of its customer (RFC 9126), or signed (RFC 9101): kept here, answered once.

One is opened in one browser, and from then on stands in its session: a reload, or a sign-in on the way, finds it again.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from django.utils.dateparse import parse_datetime

from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import Partner

PREFIX = "urn:ietf:params:oauth:request_uri:"
_NAME = "pushed_requests"
_MOST = 5  # that a browser has opened at a time


def push(partner: Partner, query: str) -> str:
    """Keep a checked request (form-encoded) of this partner. The ``request_uri`` that names it."""
    value = codes.new_token()
    kept = {"partner": partner.client_id, "query": query}
    cache.set(_key("waits", _handle(value)), kept, limits.current().oauth.pushed_seconds)
    return f"{PREFIX}{value}"


def opened(request: HttpRequest, client_id: str, request_uri: str, at: datetime) -> tuple[QueryDict, str] | None:
    """What was asked, and the handle under which it is answered. None if it is dead, or not theirs to answer."""
    handle = _handle(request_uri.removeprefix(PREFIX))
    held = _held(request, at)
    if handle not in held:
        kept = cache.get(_key("waits", handle))
        # Of two that come at once, one deletes it.
        if kept is None or kept["partner"] != client_id or not cache.delete(_key("waits", handle)):
            return None
        held[handle] = kept | {"at": at.isoformat()}
        request.session[_NAME] = dict(list(held.items())[-_MOST:])
    kept = held[handle]
    return (QueryDict(kept["query"]), handle) if kept["partner"] == client_id else None


def close(request: HttpRequest, handle: str) -> bool:
    """It is answered now. False if it was before: in another tab, or at the same time."""
    held = request.session.get(_NAME, {})
    if held.pop(handle, None):
        request.session[_NAME] = held
    return bool(cache.add(_key("answered", handle), 1, limits.current().session.suspended_minutes * 60))


def _held(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Those that this browser opened, unless that is longer ago than a request may wait."""
    life = timedelta(minutes=limits.current().session.suspended_minutes)
    found = {}
    for handle, kept in request.session.get(_NAME, {}).items():
        since = parse_datetime(kept["at"])
        if since is not None and at - since < life:
            found[handle] = kept
    return found


def _handle(value: str) -> str:
    return codes.handle(value, "pushed request")


def _key(what: str, handle: str) -> str:
    return f"pushed:{what}:{handle}"
