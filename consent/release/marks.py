"""Since when a partner's very request asks for a fresh proof: kept in the browser session, so no loop is endless."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.oauth.authorization import AuthorizationRequest

_NAME = "asked_to_prove"
_MOST = 5


def remember(request: HttpRequest, asked: AuthorizationRequest, at: datetime) -> None:
    """This very request asks for a fresh proof; the first time counts."""
    known = _fresh(request, at)
    known.setdefault(_digest(asked), at)
    kept = list(known.items())[-_MOST:]
    request.session[_NAME] = {digest: instant.isoformat() for digest, instant in kept}


def since(request: HttpRequest, asked: AuthorizationRequest, at: datetime) -> datetime | None:
    """When this very request first asked for one; None if it did not lately."""
    return _fresh(request, at).get(_digest(asked))


def forget(request: HttpRequest, asked: AuthorizationRequest) -> None:
    """It was answered."""
    known = request.session.get(_NAME, {})
    if known.pop(_digest(asked), None):
        request.session[_NAME] = known


def _fresh(request: HttpRequest, at: datetime) -> dict[str, datetime]:
    """What was asked for lately. One that is as old as a request may wait is forgotten: its proof is not fresh now."""
    life = timedelta(minutes=limits.current().session.suspended_minutes)
    parsed = ((digest, parse_datetime(text)) for digest, text in request.session.get(_NAME, {}).items())
    return {digest: instant for digest, instant in parsed if instant is not None and at - instant < life}


def _digest(asked: AuthorizationRequest) -> str:
    return codes.handle(asked.query, "authorization request")
