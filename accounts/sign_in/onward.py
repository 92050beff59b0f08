"""Where somebody was going when a sign-in came between: remembered in their browser until they are in.

A partner's customer who has no account yet, has forgotten the password, or looks around first, still comes back to it.
"""

import time

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from ciam_portal.core import clock
from ciam_portal.oauth import pushed
from ciam_portal.oauth.models import Partner

_KEY = "onward"
_LIFE_SECONDS = 3600  # time to open a mail and to choose a password


def local(target: str) -> str:
    """``target`` if it is an address on this site without a host, else nothing."""
    return target if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


def remember(request: HttpRequest, target: str) -> None:
    """``target``: an address on this site; only a partner's request is worth remembering."""
    if local(target) and pushed.asking(request, target, clock.now())[0]:
        request.session[_KEY] = {"to": target, "until": time.time() + _LIFE_SECONDS}


def target(request: HttpRequest) -> str:
    """The address; empty if there is none."""
    found = request.session.get(_KEY, {})
    return str(found["to"]) if found and found["until"] > time.time() else ""


def asking(request: HttpRequest) -> tuple[Partner | None, str]:
    """Which partner waits for this customer, and under which name it expects them (it proves nothing)."""
    return pushed.asking(request, target(request), clock.now())


def arrived(request: HttpRequest) -> str:
    """The address, for the last time."""
    found = target(request)
    request.session.pop(_KEY, None)
    return found
