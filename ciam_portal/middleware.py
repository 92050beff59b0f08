"""What every request passes: an id, plain input, safe headers; and what a refusal looks like to whoever asked."""

import logging
from collections.abc import Callable, Iterable
from urllib.parse import unquote_to_bytes, urlencode, urlsplit
from uuid import UUID

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from redis.exceptions import RedisError

from accounts.headless import answers as app
from accounts.sessions import agents
from accounts.step_up import suspended
from ciam_portal import refusals, traces
from ciam_portal.core import links, network, places, reference, request_id, words
from ciam_portal.core.away import AWAY
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import ProveMore, Refused, TooMany
from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

_LONGEST_QUERY = 8192
API = (
    "/api/", "/access/", "/ssf/", "/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/userinfo",
    "/oauth/par/", "/oauth/device/", "/oauth/bc-authorize/", "/oauth/grants/",
)  # fmt: skip
# A partner may open these in a window of its own and wait there for the answer (everything else is cut off from it).
_FOR_PARTNERS = ("/oauth/authorize/", "/sign-in/", "/sign-up/", "/confirm-email/", "/prove/")


class Probes:
    """Whoever watches this process asks by its address, not by the portal's name: both are answered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """At the addresses where machines of ours ask."""
        if request.path in {"/healthz", "/readyz"}:
            request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc
        elif request.path.startswith("/gateway/check/"):  # proxies that ask with the host of the request they ask about
            request.META["GATEWAY_HOST"] = request.META.get("HTTP_HOST", "")
            request.META["HTTP_HOST"] = urlsplit(settings.PUBLIC_URL).netloc
        return self.get_response(request)


class RequestId:
    """Our own id for each request; one that a client sends is not believed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set ``request.request_id`` and answer with it, unless a protocol wants the caller's own back."""
        request.request_id = codes.new_id().hex  # type: ignore[attr-defined]
        request.reference = reference.of_request(request.request_id)  # type: ignore[attr-defined]
        request_id.current.set(request.request_id)  # type: ignore[attr-defined]
        source = request_id.source.set(lambda: network.pseudonym(request))
        where = request_id.visitor.set(lambda: visitor(request))
        try:
            response = self.get_response(request)
        finally:
            request_id.source.reset(source)
            request_id.visitor.reset(where)
        response.setdefault("X-Request-ID", request.request_id)  # type: ignore[attr-defined]
        return response


def visitor(request: HttpRequest) -> str:
    """For the message to whom it is about. What staff and partners use is no customer's business."""
    if request.path.startswith((*API, "/staff/")):
        return ""
    browser, system = agents.of(request)
    address = network.client_address(request)
    where = words.place(network.prefix(address), places.lookup(address).country)
    return f"{words.agent(browser, system)}, {where}"


class OnePolicy:
    """A request is decided by one version of the policy, whatever is approved while it runs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer it."""
        with limits.unit_of_work():
            return self.get_response(request)


class ContentPolicy(CSPMiddleware):
    """The content security policy: of all answers the same, put together once, but of those that say otherwise."""

    _usual = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the header."""
        if self._usual and not any(name.startswith("_csp") for each in (request, response) for name in vars(each)):
            response.headers.setdefault(HEADER, self._usual)
            return response
        is_usual = not any(name.startswith("_csp") for name in vars(response)) and HEADER not in response
        response = super().process_response(request, response)
        if is_usual and getattr(request, "_csp_nonce", None) is None:
            self._usual = response.headers.get(HEADER, "")
        return response


class SecurityHeaders:
    """The headers Django has no setting for. Pages are private, so nothing is stored unless a view says otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add them to what comes back."""
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.path.startswith(_FOR_PARTNERS):
            response.setdefault("Cross-Origin-Opener-Policy", "unsafe-none")
        response.setdefault("Cache-Control", "no-store")
        return response


class PlainInput:
    """NUL bytes, text that is not UTF-8, and endless queries are refused at the door (400)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the address only; forms are looked at when their view is known."""
        query = request.META.get("QUERY_STRING", "")
        if len(query) > _LONGEST_QUERY or "\x00" in request.path or not _is_plain(query):
            message = "The address holds characters that are never part of one."
            raise SuspiciousOperation(message)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:  # noqa: ARG002
        """Look at form fields: one place instead of every database query."""
        if request.method == "POST" and any("\x00" in text for text in _texts(request.POST.lists())):
            message = "A form field holds a NUL byte."
            raise SuspiciousOperation(message)


def _texts(fields: Iterable[tuple[str, list[str]]]) -> Iterable[str]:
    for name, values in fields:
        yield name
        yield from values


def _is_plain(query: str) -> bool:
    try:
        return "\x00" not in unquote_to_bytes(query.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        return False


class Traces:
    """What was forbidden leaves a trace: by whom, from where, of which kind (``traces``)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at what comes back."""
        response = self.get_response(request)
        if kind := traces.kind_of(request, response):
            traces.forbidden(request, kind)
        return response


class Answers:
    """Turns a refusal into the page or JSON that fits: 401 leads to proving more, 403 says why, 429 says when."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do unless a view raises, or takes no visits."""
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not request.path.startswith(API):
            page = render(request, "405.html", {"back": links.page_before(request)}, status=405)
            page["Allow"] = response["Allow"]
            page._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (the view has said it)
            return page
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer refusals, and a database or cache that is away (nothing can be asked, so no); leave the rest alone."""
        if isinstance(error, AWAY):
            return unavailable(request, error)
        if not isinstance(error, Refused):
            return None
        request.forbidden = traces.kind_of_refusal(error)  # type: ignore[attr-defined]
        if request.path.startswith(API):
            return _as_json(error)
        if request.path.startswith(app.PATH):
            return app.refused(request, error)
        if isinstance(error, ProveMore) and request.user.is_authenticated:
            return self._prove(request, error)
        return refusals.page(request, error)

    @staticmethod
    def _prove(request: HttpRequest, error: ProveMore) -> HttpResponse:
        # A form is never sent twice by itself: after proving, its page is back, or one that asks whether to go on.
        try:
            query = urlencode({"ref": suspended.keep(request, error)})
        except TooMany as too_many:
            return refusals.page(request, too_many)
        return HttpResponseRedirect(f"{reverse('accounts:prove')}?{query}")


class SignInFirst(LoginRequiredMiddleware):
    """Pages for customers; what a form held is not lost when its session has ended meanwhile."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """To the sign-in, and back: to the page, or to the one that asks whether to go on with its form."""
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        customer = getattr(request, "ended_for", None)
        try:
            back = late(request, customer)
        except TooMany:
            back = ""
        return redirect_to_login(back or links.page_before(request))


def late(request: HttpRequest, customer: UUID | None) -> str:
    """Where a form that came too late is gone on with; empty if it has to be typed anew. Raises TooMany."""
    kept = suspended.keep_late(request, customer) if customer else ""
    return f"{reverse('accounts:go_on')}?{urlencode({'ref': kept})}" if kept else ""


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Database or cache do not answer, or not in time: 503, one line in the log, and nothing that asks them again."""
    service = "the shared cache" if isinstance(error, RedisError) else "the database"
    log.error("%s does not answer (%s): %s", service, type(error).__name__, request.path.split("/")[1])
    if request.path.startswith((*API, app.PATH)):
        response: HttpResponse = JsonResponse({"error": "temporarily_unavailable"}, status=503)
    else:
        context = {"portal_name": settings.PORTAL_NAME, "help_desk": settings.HELP_DESK, "request": request}
        response = HttpResponse(render_to_string("503.html", context), status=503)
    response["Retry-After"] = "10"
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (how Django is told)
    return response


def _as_json(error: Refused) -> JsonResponse:
    body: dict[str, object] = {"error": str(error.reason), "error_description": sentence(error.reason)}
    response = JsonResponse(body, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response
