"""Requests that a partner sent ahead of its customer (RFC 9126), or signed (RFC 9101): kept here, answered once.

One is opened in one browser, and from then on stands in its session: a reload, or a sign-in on the way, finds it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.oauth import assertions, authorization
from ciam_portal.oauth.answers import Back
from ciam_portal.oauth.authorization import AuthorizationRequest
from ciam_portal.oauth.models import Partner

PREFIX = "urn:ietf:params:oauth:request_uri:"
OVER = lazy("This request of the app is over: it was answered, or it waited too long. Start again at the app.")
_NAME = "pushed_requests"
_LONGEST_ID = 255
_MOST = 5  # that a browser has opened at a time


def push(partner: Partner, query: str) -> str:
    """Keep a checked request (form-encoded) of this partner. The ``request_uri`` that names it."""
    value = codes.new_token()
    kept = {"partner": partner.client_id, "query": query}
    cache.set(_key("waits", _handle(value)), kept, limits.current().oauth.pushed_seconds)
    return f"{PREFIX}{value}"


def push_signed(query: QueryDict, at: datetime) -> str:
    """A request object in the address counts as pushed by it: checked once, then kept. The query that asks it again.

    Raises Unanswerable or Answer.
    """
    partner, outer = authorization.sender(query), query.get("redirect_uri", "")
    said = assertions.asked(query.get("request", ""), partner, at)
    if said is None and partner.redirect_uri_allowed(outer):
        words = "it is not signed by this app, for us, just now"
        back = Back(partner.client_id, outer, query.get("state"))
        raise authorization.Answer(back, "invalid_request_object", words)
    if said is None:
        raise authorization.Unanswerable(_("What the app asks for is not signed by it, or no longer good."))
    return urlencode({"client_id": partner.client_id, "request_uri": push(partner, said.urlencode())})


def unfold(request: HttpRequest, at: datetime) -> tuple[QueryDict, str]:
    """What is asked, and its handle if it was pushed: then nothing else in the address counts (RFC 9126 section 4).

    Raises Unanswerable if that is over, another partner's, or opened in another browser.
    """
    query = authorization.given(request.GET)
    named = query.get("request_uri", "")
    if not named.startswith(PREFIX):
        return query, ""
    handle, held = _handle(named.removeprefix(PREFIX)), _held(request, at)
    if handle not in held:
        kept = cache.get(_key("waits", handle))
        # Of two that come at once, one deletes it.
        if kept is None or kept["partner"] != query.get("client_id") or not cache.delete(_key("waits", handle)):
            raise authorization.Unanswerable(str(OVER))
        held[handle] = kept | {"at": at.isoformat()}
        request.session[_NAME] = dict(list(held.items())[-_MOST:])
    if held[handle]["partner"] != query.get("client_id"):
        raise authorization.Unanswerable(str(OVER))
    return QueryDict(held[handle]["query"]), handle


def asking(request: HttpRequest, target: str, at: datetime) -> tuple[Partner | None, str]:
    """Who waits at this address of ours for a customer, and whom it expects (``login_hint``; it proves nothing)."""
    parts = urlsplit(target)
    if parts.path != reverse("consent:authorize"):
        return None, ""
    query = QueryDict(parts.query)
    partner = Partner.objects.filter(client_id=query.get("client_id", "")[:_LONGEST_ID], is_enabled=True).first()
    kept = _held(request, at).get(_handle(query.get("request_uri", "").removeprefix(PREFIX)))
    if kept is not None and partner is not None and kept["partner"] == partner.client_id:
        query = QueryDict(kept["query"])
    return partner, query.get("login_hint", "") if partner else ""


@contextmanager
def kept_open(request: HttpRequest) -> Iterator[None]:
    """What this browser opened stays open in it, although somebody signs out."""
    held = request.session.get(_NAME)
    yield
    if held:
        request.session[_NAME] = held


def named(asked: AuthorizationRequest, request: HttpRequest) -> AuthorizationRequest:
    """The same, asked again by the name under which it is kept."""
    again = {"client_id": asked.partner, "request_uri": request.GET["request_uri"]}
    return replace(asked, query=urlencode(again))


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
