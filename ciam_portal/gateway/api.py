"""What proxies ask: may this request go on to its application? And where browsers arrive there, and leave.

Only a proxy that knows one of ``GATEWAY_KEYS`` is answered, so that nothing it says of a request comes from elsewhere.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import Session
from accounts.sessions import flows as sessions
from ciam_portal.core import clock, grounds
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.decision import Allow
from ciam_portal.gateway import facts, flows, identity, policy
from ciam_portal.gateway.policy import Asked
from ciam_portal.gateway.shapes import App
from consent.use.facts import Person

IDENTITY, WHERE = "X-Gateway-Identity", "X-Gateway-Location"
_ENVOY = "/gateway/check/envoy"
_LONGEST = 6000  # of an address in an address
_VALUE = 43  # characters of what we make
# Some applications take the method or the address from these, and not from the request that was decided about.
_MISLEADING = (
    "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL",
)  # fmt: skip


def _by_nginx(request: HttpRequest) -> Asked:
    head = request.headers
    return Asked(head.get("X-Gateway-Host", ""), head.get("X-Gateway-Method", ""), head.get("X-Gateway-Uri", ""))


def _by_forward_auth(request: HttpRequest) -> Asked:
    """Caddy and Traefik write these themselves, over whatever a client had sent."""
    head = request.headers
    return Asked(head.get("X-Forwarded-Host", ""), head.get("X-Forwarded-Method", ""), head.get("X-Forwarded-Uri", ""))


def _by_envoy(request: HttpRequest) -> Asked:
    """Envoy asks with the request's own host and method, and its address behind ours."""
    address = str(request.META.get("RAW_URI", ""))  # as it was sent; what was decoded once is another address
    uri = address.removeprefix(_ENVOY) if address.startswith(f"{_ENVOY}/") else ""
    return Asked(request.META.get("GATEWAY_HOST", ""), str(request.method), uri)


def for_proxies(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """An address that is there for our own proxies only; all others read that there is nothing."""

    @wraps(view)
    def run(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        shown = request.headers.get("X-Gateway-Key", "").encode()
        known = [hmac.compare_digest(shown, key.encode()) for key in settings.GATEWAY_KEYS]
        response = view(request, *args, **kwargs) if any(known) else HttpResponse(status=HTTPStatus.NOT_FOUND)
        response["Cache-Control"] = "no-store"
        return response

    return csrf_exempt(login_not_required(run))


@for_proxies
def check(request: HttpRequest) -> HttpResponse:
    """For nginx's auth_request: 204, 401 (with where the browser should go, if it is one) or 403."""
    return _answered(request, _by_nginx(request), redirects=False)


@for_proxies
def forward(request: HttpRequest) -> HttpResponse:
    """For the forward-auth of Caddy and Traefik, which pass on what is no yes: a redirect, 401 or 403."""
    return _answered(request, _by_forward_auth(request), redirects=True)


@for_proxies
def envoy(request: HttpRequest) -> HttpResponse:
    """The same, for Envoy's ext_authz over HTTP."""
    response = _answered(request, _by_envoy(request), redirects=True)
    if response.status_code == HTTPStatus.NO_CONTENT:
        response.status_code = HTTPStatus.OK  # the only yes that it knows
    return response


def _answered(request: HttpRequest, asked: Asked, *, redirects: bool) -> HttpResponse:
    app = policy.app_at(asked.host, settings.GATEWAY_APPS)
    route = None if app is None or any(each in request.headers for each in _MISLEADING) else policy.route_of(asked, app)
    if app is None or route is None:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    if route.public:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    at = clock.now()
    entered = _entered(request, app, at)
    if entered is None:
        return _elsewhere(request, asked, app, HTTPStatus.UNAUTHORIZED, redirects=redirects)
    session, person = entered
    customer = session.customer
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.GATEWAY, session.pk, request.request_id)  # type: ignore[attr-defined]
    session = sessions.seen(session, request, by=by, at=at)
    if not isinstance(flows.answer(app, route.action, customer, session, by=by, at=at).answer, Allow):
        return _elsewhere(request, asked, app, HTTPStatus.FORBIDDEN, redirects=redirects)
    released = flows.released(app, route, person, at=at)
    if not released.names:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    response[IDENTITY] = identity.of(app, route, customer, session, released, at=at)
    grounds.may_repeat()
    return response


def _entered(request: HttpRequest, app: App, at: datetime) -> tuple[Session, Person] | None:
    """The live session of the browser, as its row stands now, and what its customer said. One statement."""
    value = request.COOKIES.get(_cookie("gateway", app), "")
    if len(value) != _VALUE:
        return None
    return facts.entered(value, app.key, at)


def _elsewhere(request: HttpRequest, asked: Asked, app: App, status: HTTPStatus, *, redirects: bool) -> HttpResponse:
    """Not like this: a page goes to the portal, which asks for what is missing or says why not; all else is told no."""
    request.forbidden = ""  # type: ignore[attr-defined]  # nothing that traces would keep: the portal's page records it
    if not _is_page(request):
        return HttpResponse(status=status)
    state = request.COOKIES.get(_cookie("gateway-state", app), "")
    state = state if len(state) == _VALUE else codes.new_token()
    uri = asked.uri if len(quote(asked.uri)) <= _LONGEST else asked.path
    query = {"app": app.key, "method": asked.method, "uri": uri, "state": codes.handle(state, "gateway state")}
    if asked.method not in {"GET", "HEAD"}:
        query["back"] = _page_before(request, app)
    where = f"{settings.PUBLIC_URL}{reverse('gateway:enter')}?{urlencode(query)}"
    response = HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    if redirects:
        response = HttpResponseRedirect(where)
    response[WHERE] = where
    _give(response, "gateway-state", app, state)
    return response


def _is_page(request: HttpRequest) -> bool:
    """Whether a person looks at what comes back."""
    mode = request.headers.get("Sec-Fetch-Mode")
    return mode == "navigate" if mode else "text/html" in request.headers.get("Accept", "")


def _page_before(request: HttpRequest, app: App) -> str:
    """The page with the form that was sent: it is shown again, since what was typed is not kept."""
    parts = urlsplit(request.headers.get("Referer", ""))
    return (parts.path or "/") if f"{parts.scheme}://{parts.netloc}" == app.origin else "/"


@for_proxies
def arrive(request: HttpRequest) -> HttpResponse:
    """At the application's own host: the browser gets its value there, and the page that it asked for."""
    app = policy.app_at(request.headers.get("X-Gateway-Host", ""), settings.GATEWAY_APPS)
    if app is None:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    state = codes.handle(request.COOKIES.get(_cookie("gateway-state", app), ""), "gateway state")
    arrived = flows.arrive(request.GET.get("code", ""), app, state=state, at=clock.now())
    if arrived is None:
        again = f"{reverse('gateway:again')}?{urlencode({'app': app.key})}"
        return HttpResponseRedirect(settings.PUBLIC_URL + again)
    response = HttpResponseRedirect(app.origin + arrived.to)
    _give(response, "gateway", app, arrived.value)
    return response


@for_proxies
def leave(request: HttpRequest) -> HttpResponse:
    """At the application's own host, where its sign-out leads: forget the value, and ask at the portal."""
    app = policy.app_at(request.headers.get("X-Gateway-Host", ""), settings.GATEWAY_APPS)
    if app is None:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    response = HttpResponseRedirect(f"{settings.PUBLIC_URL}{reverse('gateway:sign_out')}?{urlencode({'app': app.key})}")
    response.delete_cookie(_cookie("gateway", app))
    return response


def _cookie(name: str, app: App) -> str:
    return f"__Host-{name}" if app.is_secure else name


def _give(response: HttpResponse, name: str, app: App, value: str) -> None:
    response.set_cookie(_cookie(name, app), value, secure=app.is_secure, httponly=True, samesite="Lax")
