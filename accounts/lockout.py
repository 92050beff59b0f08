"""The only speaker of axes: failed sign-ins are counted in lanes, and a lane that fails too often pauses.

A browser the customer already uses has a lane of its own (its device cookie), and so has a live session, so that a
stranger who guesses cannot lock the owner out of it. Lanes are pseudonyms: no address is kept.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_credentials
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import device_cookie
from accounts.models import Device, User
from ciam_portal import clock, codes, mailbox
from ciam_portal.policy import limits

_DEVICE, _SESSION = "device.", "session."


def lane(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Axes' "username": the pseudonym of the address typed, and of the session or known device it comes from."""
    email = mailbox.named(str((credentials or {}).get("email") or request.POST.get("login") or ""))
    lanes: dict[str, str] = request.__dict__.setdefault("_lanes", {})
    if email not in lanes:
        session = getattr(request, "portal_session", None)
        if session is not None and session.customer.email == email:
            lanes[email] = _SESSION + codes.pseudonym(f"{email} {session.pk}", "lane")
        else:
            device = _known_device(request, email)
            own = f"{email} {device}" if device else email
            lanes[email] = (_DEVICE if device else "") + codes.pseudonym(own, "lane")
    return lanes[email]


def _known_device(request: HttpRequest, email: str) -> UUID | None:
    known = device_cookie.digests(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
    if not known or not email:
        return None
    found = Device.objects.live(clock.now()).filter(cookie_digest__in=known, customer__email=email)
    return found.values_list("pk", flat=True).first()


def failure_limit(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    """Failures after which this lane pauses."""
    rules = limits.running().sign_in
    return rules.device_failures if lane(request, credentials).startswith((_DEVICE, _SESSION)) else rules.failures


def pause(request: HttpRequest | None = None) -> timedelta:  # noqa: ARG001  (axes' signature)
    """How long a lane pauses."""
    return timedelta(minutes=limits.running().sign_in.pause_minutes)


def is_paused(request: HttpRequest, email: str) -> bool:
    """Whether this lane is paused now."""
    return not AxesProxyHandler.is_allowed(request, get_credentials(email=email, username=email))


def count_failure(request: HttpRequest, email: str) -> None:
    """Count a sign-in that was denied like a wrong password: a lane that never paused would tell them apart."""
    AxesProxyHandler.user_login_failed(sender=User, credentials=get_credentials(email), request=request)


def respond(request: HttpRequest, *_args: object, **_kwargs: object) -> HttpResponse:
    """The page for a paused lane: the same for accounts that exist and those that do not."""
    minutes = limits.running().sign_in.pause_minutes
    response = render(request, "429.html", {"retry_after": minutes * 60, "paused_minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response


def check_password(request: HttpRequest, customer: User, password: str) -> bool:
    """Whether this is the customer's password. A wrong one counts against the same lane as a failed sign-in."""
    found = authenticate(request, email=customer.email, password=password)
    return found == customer
