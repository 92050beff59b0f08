"""The machine path: what partners' servers and proxies ask a thousand times a second, answered in front of Django.

The same views under the same middleware, and so the same answers, byte for byte; without what only people need: browser
sessions, forms, messages, static files, and the search through all paths. What it does not know it hands to Django: any
other path or host, and whoever comes with a cookie of the portal's.
"""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, resolve, reverse
from django.utils.cache import patch_vary_headers

from ciam_portal import repeats

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

PROXIES = "/gateway/"
NAMES = (
    "oauth2_provider:token", "consent:introspect", "consent:userinfo", "consent:profile", "consent:activity",
    "consent:data_use",
    "decisions:decide", "decisions:redeem", "decisions:evaluate", "decisions:evaluate_each",
    "gateway:check", "gateway:forward",
)  # fmt: skip
# In the place of the first stands ``Nobody``.
_FOR_PEOPLE = (
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.headless.middleware.Apps",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ciam_portal.once.Once",
    "ciam_portal.staff_site.host.StaffHost",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sessions.middleware.PortalSession",
    "recovery.case.middleware.LiveRecovery",
    "ciam_portal.middleware.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
)


class Nobody:
    """Machines prove on each request who they are; no browser is signed in here, and answers say so as all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer it."""
        request.user = AnonymousUser()
        request.portal_session = None  # type: ignore[attr-defined]
        response = self.get_response(request)
        patch_vary_headers(response, ["Cookie"])
        return response


class Machines(WSGIHandler):
    """Django's own handler, for a few paths that it knows by heart."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  (Django's signature)
        """All but what is for people."""
        first, *others = _FOR_PEOPLE
        whole = settings.MIDDLEWARE
        names = [f"{__name__}.{Nobody.__name__}" if name == first else name for name in whole if name not in others]
        settings.MIDDLEWARE = names
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = whole
        self._known = {path: resolve(path) for path in map(reverse, NAMES)}
        self._host = urlsplit(settings.PUBLIC_URL).netloc

    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether this request is answered here."""
        path, cookies = environ.get("PATH_INFO", ""), environ.get("HTTP_COOKIE", "")
        if path not in self._known or environ.get("SCRIPT_NAME"):
            return False
        if path.startswith(PROXIES):  # with a browser's cookies of the application's own host
            return settings.SESSION_COOKIE_NAME not in cookies
        return not cookies and environ.get("HTTP_HOST") == self._host

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """By the path as it stands."""
        request.resolver_match = match = self._known[request.path_info]
        return match


def before(django: Wsgi) -> Wsgi:
    """The whole portal: machines here, everybody else there."""
    machines = Machines()
    repeating = repeats.Repeating(machines)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  (WSGI's)
        return (repeating if machines.knows(environ) else django)(environ, start_response)

    return application
