"""Where a link from one of our mails arrives, whatever it is for, and how its page finds it again.

The secret leaves the address at once, so that no history and no Referer keeps it. The browser holds it, sealed, in a
cookie for each link; the page that acts is opened under a *handle*, a digest that names one link and opens nothing. So
each page acts on the link that opened it, whatever else was opened beside it, and still does after a sign-in, or when a
session has ended meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ciam_portal.core import logs
from ciam_portal.core.crypto import codes, vault

_HANDLE = "link"  # in the page's query
_LONGEST = 100  # characters of a secret; whatever is longer is none
_MOST = 8  # links that a browser holds at a time

View = Callable[[HttpRequest, str], HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One purpose of links: its name, the path in mails, and the page that acts on it (the name of its URL)."""

    name: str
    route: str
    page: str

    def url(self, secret: str) -> str:
        """The link, as a mail carries it."""
        return absolute(f"{self.page.partition(':')[0]}:open_{self.name}", secret)


def absolute(name: str, secret: str = "") -> str:
    """The address of a page as a mail carries it. A secret stands in the path, never in a query."""
    return settings.PUBLIC_URL + reverse(name, args=[quote(secret)] if secret else None)


def arrival(spec: Spec) -> URLPattern:
    """The path that stands in mails: the spec's route and a secret. It leads to the page, and changes nothing.

    It is open to everybody, whoever its page is for: scanners of mail open links too, and a way past the sign-in page
    would carry the secret in its query.
    """
    logs.hide_behind(spec.route)

    @login_not_required
    @never_cache
    @require_safe
    def arrive(request: HttpRequest, secret: str) -> HttpResponse:
        secret = secret[:_LONGEST]
        handle = codes.handle(secret, f"link {spec.name}")
        response = redirect(f"{reverse(spec.page)}?{urlencode({_HANDLE: handle})}")
        others = [cookie for cookie in _held(request) if cookie != _cookie(handle)]
        _forget(response, others[: max(0, len(others) - _MOST + 1)])  # browsers send the oldest first
        sealed = vault.seal(secret.encode(), _context(spec, handle))
        response.set_cookie(_cookie(handle), sealed, secure=settings.SECURE, httponly=True, samesite="Lax")
        return response

    return path(f"{spec.route}<str:secret>/", arrive, name=f"open_{spec.name}")


def page(spec: Spec) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """A view that acts on a link: called with the secret of the one that this page was opened with.

    A browser that does not hold it is asked to open the link again.
    """

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @never_cache
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def act(request: HttpRequest) -> HttpResponse:
            secret = _secret(request, spec)
            return view(request, secret) if secret else render(request, "link_missing.html", status=410)

        return act

    return decorate


def forget(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The browser is handed over or left: it holds no link any more."""
    _forget(response, _held(request))
    return response


def _secret(request: HttpRequest, spec: Spec) -> str:
    handle = request.GET.get(_HANDLE, "")
    try:
        return vault.unseal(request.COOKIES[_cookie(handle)], _context(spec, handle)).decode()
    except (KeyError, vault.CannotOpen):
        return ""


def _held(request: HttpRequest) -> list[str]:
    return [name for name in request.COOKIES if name.startswith(_cookie(""))]


def _forget(response: HttpResponse, cookies: list[str]) -> None:
    for name in cookies:
        response.delete_cookie(name, samesite="Lax")


def _cookie(handle: str) -> str:
    return f"{settings.LINK_COOKIE_NAME}-{handle}"


def _context(spec: Spec, handle: str) -> str:
    return f"link:{spec.name}:{handle}"


def page_before(request: HttpRequest) -> str:
    """The page of ours that this request came from; the front page if it is not known."""
    before = urlsplit(request.headers.get("Referer", ""))
    if before.netloc != request.get_host() or before.path == request.path:
        return "/"
    return before._replace(scheme="", netloc="", fragment="").geturl()
