"""The only speaker of axes: failed sign-ins are counted in buckets, and a bucket that fails too often pauses.

A browser with a bucket of its own (``bucket``) has one for failures too, so that a stranger who guesses cannot
lock the owner out of it. Nothing that is tried during a pause lengthens it. Buckets are pseudonyms: no address is kept.
"""

from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_cache_keys, get_credentials
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse

from accounts.budgets import bucket, counter
from accounts.models import User
from ciam_portal import refusals
from ciam_portal.core import mailbox
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits

_OWN = "own."


def bucket_of(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Axes' "username": the pseudonym of the address typed, and of the browser's own bucket if it has one."""
    email = _named(request, credentials)
    own = bucket.alone(request, email)
    return (_OWN if own else "") + codes.pseudonym(f"{email} {own}" if own else email, "lane")


def _named(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    return mailbox.named(str((credentials or {}).get("email") or request.POST.get("login") or ""))


def failure_limit(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    """Failures after which this bucket pauses."""
    rules = limits.current().sign_in
    return rules.device_failures if bucket_of(request, credentials).startswith(_OWN) else rules.failures


def pause(request: HttpRequest | None = None) -> timedelta:  # noqa: ARG001  (axes' signature)
    """How long a bucket pauses."""
    return timedelta(minutes=limits.current().sign_in.pause_minutes)


def paused_for(request: HttpRequest, email: str) -> int:
    """Seconds until this bucket is open again; 0 if it is open."""
    credentials = get_credentials(email=email, username=email)
    if AxesProxyHandler.is_allowed(request, credentials):
        return 0
    return max(counter.shared.seconds_left(key) for key in get_client_cache_keys(request, credentials))


def count_failure(request: HttpRequest, email: str) -> None:
    """Count a sign-in that was denied like a wrong password: a bucket that never paused would tell them apart."""
    AxesProxyHandler.user_login_failed(sender=User, credentials=get_credentials(email), request=request)


def respond(request: HttpRequest, _response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page for a paused bucket: the same for accounts that exist and those that do not."""
    return refusals.later(request, max(1, paused_for(request, _named(request, credentials))), signing_in=True)


def check_password(request: HttpRequest, customer: User, password: str) -> bool:
    """Whether this is the customer's password. A wrong one counts against the same bucket as a failed sign-in."""
    found = authenticate(request, email=customer.email, password=password)
    return found == customer
