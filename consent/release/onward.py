"""How a customer gets back to the partner: with an answer, or past our own form."""

import contextlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from ciam_portal.core import links
from ciam_portal.oauth import authorization, pushed
from ciam_portal.oauth.answers import ByForm, ToPartner
from ciam_portal.oauth.authorization import Answer, Unanswerable


def told(request: HttpRequest, error: Unanswerable | Answer) -> HttpResponse:
    """What an error becomes: a page of ours, or an answer to the partner, which closes what it had pushed."""
    if isinstance(error, Unanswerable):
        return render(request, "consent/release/cannot_ask.html", {"explanation": str(error)}, status=400)
    if error.handle:
        pushed.close(request, error.handle)
    return carried(request, error.respond())


def carried(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An answer that a form carries, as the page with that form; any other as it is."""
    if not isinstance(response, ByForm):
        return response
    page = render(request, "consent/release/by_form.html", {"target": response.target, "fields": response.fields})
    page._csp_update = {"form-action": [authorization.origin(response.target)]}  # type: ignore[attr-defined]  # noqa: SLF001
    return page


def past_our_form(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """To the partner, past our own sign-in form: Chromium would hold its form-action against a redirect from here."""
    if not isinstance(response, ToPartner) or not _follows_a_form_of_ours(request):
        return carried(request, response)
    return render(request, "consent/release/onward.html", {"target": response.url})


def _follows_a_form_of_ours(request: HttpRequest) -> bool:
    """Browsers that do not say where a request comes from (Safari before 16.4) still name the page."""
    came_from = request.headers.get("Sec-Fetch-Site")
    return came_from == "same-origin" if came_from else links.page_before(request) != "/"


def speak(response: HttpResponse, locales: str) -> None:
    """Whoever is not signed in reads the first of these languages that we have; others the one of their profile."""
    for name in locales.split():
        with contextlib.suppress(LookupError):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                translation.get_supported_language_variant(name),
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
            return
