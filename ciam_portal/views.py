"""Home, health, and the pages for what went wrong."""

import contextlib
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.sessions import signing
from ciam_portal import overview, traces
from ciam_portal.core import clock, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.away import AWAY
from ciam_portal.core.errors import TooMany
from ciam_portal.core.policy import limits
from ciam_portal.middleware import API, late, unavailable


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page; the overview once signed in."""
    if not request.user.is_authenticated:
        return render(request, "home.html")
    customer, here = signing.customer_of(request), signing.session_of(request)
    context = overview.of(customer, here, by=Actor.from_request(request), at=clock.now())
    return render(request, "overview.html", context)


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about a customer, why and for how long (GDPR 13), with the numbers that are in force."""
    context = {"rules": limits.current(), "privacy_url": settings.PRIVACY_URL}
    return render(request, "privacy.html", context)


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """What to do when something does not work; the business's own page where it has one, as the two below."""
    return _theirs_or_ours(request, settings.HELP_URL, "help.html")


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Whose terms hold."""
    return _theirs_or_ours(request, settings.TERMS_URL, "terms.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """What everybody can count on, and what not."""
    return _theirs_or_ours(request, settings.ACCESSIBILITY_URL, "accessibility.html")


def _theirs_or_ours(request: HttpRequest, theirs: str, ours: str) -> HttpResponse:
    return redirect(theirs) if theirs else render(request, ours, {"rules": limits.current()})


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return render(request, template, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, also where the body cannot be read: so nothing here, nor on any page for an error, reads it again."""
    if request.path.startswith(API):
        return JsonResponse({"error": "invalid_request", "error_description": "it cannot be read"}, status=400)
    return _page(request, "400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _page(request, "403.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 where database or cache did not answer, from wherever that came."""
    error = sys.exc_info()[1]
    if isinstance(error, AWAY):
        return unavailable(request, error)
    return _page(request, "500.html", 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403, for a form that came from elsewhere; one of ours that is too old is shown, and asked about."""
    session = getattr(request, "portal_session", None)
    if session is not None and request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}":
        with contextlib.suppress(TooMany):
            if back := late(request, session.customer_id):
                return redirect(back)
    request.forbidden = traces.TraceKind.CSRF  # type: ignore[attr-defined]
    context = {"back": links.page_before(request)}
    return render(request, "403_csrf.html", context, status=403)
