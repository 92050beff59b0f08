"""Where partners manage their stream of signals (SSF 1.0 section 8), and fetch what waits on it (RFC 8936)."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from pydantic import TypeAdapter

from accounts.budgets import counter as budget
from ciam_portal.core import clock, links
from ciam_portal.core.policy import limits
from ciam_portal.oauth.bodies import Malformed, body, parse, read
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import SIGNALS_MANAGE, SIGNALS_READ
from ciam_portal.oauth.views import for_machines, problem
from ciam_portal.signals import flows, meanings, sets, shapes
from ciam_portal.signals.models import Signal, Stream
from consent.release.access import acting
from consent.release.api import own

log = logging.getLogger(__name__)
T = TypeVar("T")
_WINDOW_SECONDS = 60
_MOST_AT_ONCE = 100
_ENDPOINTS = {
    "configuration_endpoint": "stream",
    "status_endpoint": "status",
    "add_subject_endpoint": "add_subject",
    "remove_subject_endpoint": "remove_subject",
    "verification_endpoint": "verify",
}
View = Callable[..., HttpResponse]


class _NotFound(Exception):
    """This partner has no such stream."""


def for_receivers(**scopes: tuple[str, ...]) -> Callable[[View], View]:
    """An endpoint for partners that act for themselves, with one of these scopes for each method."""

    def decorate(view: View) -> View:
        def run(request: HttpRequest, partner: Partner, **named: Any) -> HttpResponse:  # noqa: ANN401  (the path's)
            most = limits.current().signals.requests_per_minute
            if not budget.spend("signals", str(partner.pk), limit=most, seconds=_WINDOW_SECONDS):
                response = problem("too_many_requests", f"no more than {most} requests in a minute", 429)
                response["Retry-After"] = str(budget.wait("signals", str(partner.pk)))
                return response
            try:
                return view(request, partner, at=clock.now(), **named)
            except Malformed as error:
                return problem(error.code, error.words, error.status)
            except _NotFound:
                return problem("not_found", "this app has no such stream", 404)

        @wraps(view)
        def admitted(request: HttpRequest, **named: Any) -> HttpResponse:  # noqa: ANN401  (the path's)
            return own(*scopes[str(request.method)])(run)(request, **named)

        return for_machines(*scopes)(admitted)

    return decorate


_READ, _MANAGE = (SIGNALS_READ, SIGNALS_MANAGE), (SIGNALS_MANAGE,)


def _said(request: HttpRequest, form: TypeAdapter[T]) -> T:
    return read(form, parse(body(request)))


def _theirs(partner: Partner, key: UUID | str) -> Stream:
    try:
        found = Stream.objects.filter(partner=partner, pk=key if isinstance(key, UUID) else UUID(key)).first()
    except ValueError:
        found = None
    if found is None:
        raise _NotFound
    found.partner = partner
    return found


@for_machines("GET", "HEAD")
def configuration(request: HttpRequest) -> HttpResponse:
    """The transmitter's own (section 7.1)."""
    told = {
        "spec_version": "1_0",
        "issuer": settings.PUBLIC_URL,
        "jwks_uri": links.absolute("oauth2_provider:jwks-info"),
        "delivery_methods_supported": list(Stream.Method.values),
        "default_subjects": "NONE",
        # Who does not look at the session would end all of them.
        "critical_subject_members": ["user", "session"],
        "authorization_schemes": [{"spec_urn": "urn:ietf:rfc:6749"}],
    }
    response = JsonResponse(told | {name: links.absolute(f"signals:{view}") for name, view in _ENDPOINTS.items()})
    response["Cache-Control"] = "public, max-age=600"
    return response


@for_receivers(GET=_READ, POST=_MANAGE, PATCH=_MANAGE, PUT=_MANAGE, DELETE=_MANAGE)
def stream(request: HttpRequest, partner: Partner, at: datetime) -> HttpResponse:
    """Create, read, update, replace, delete (section 8.1.1)."""
    by, key = acting(partner), request.GET.get("stream_id")
    if request.method == "GET" and key is None:
        return JsonResponse([_config(each) for each in Stream.objects.filter(partner=partner)], safe=False)
    if request.method == "GET":
        return JsonResponse(_config(_theirs(partner, str(key))))
    if request.method == "DELETE":
        flows.delete(_theirs(partner, key or ""), by=by, at=at)
        return HttpResponse(status=204)
    said = _said(request, shapes.WANTED)
    if request.method == "POST":
        return _created(partner, said, at)
    if "stream_id" not in said:
        raise Malformed("missing_member", "stream_id is missing.")
    found = _theirs(partner, said["stream_id"])
    _check_ours(found, {**said})
    wanted = _chosen(said) if request.method == "PATCH" else _chosen(_NOTHING | said)
    return JsonResponse(_config(flows.change(found, wanted, by=by, at=at)))


_NOTHING: dict[str, Any] = {"events_requested": None, "description": "", "delivery": {"method": Stream.Method.POLL}}


def _created(partner: Partner, said: shapes.Wanted, at: datetime) -> HttpResponse:
    if {"stream_id", "iss", "aud", "events_supported", "events_delivered", "min_verification_interval"} & set(said):
        raise Malformed("unknown_member", "What is ours to set is not asked for.")
    try:
        made = flows.create(partner, _chosen(_NOTHING | said), by=acting(partner), at=at)
    except flows.OneIsEnough:
        return problem("stream_exists", "this app has a stream: read it, change it", 409)
    return JsonResponse(_config(made), status=201)


def _check_ours(found: Stream, said: dict[str, Any]) -> None:
    for name, value in _fixed(found).items():
        if said.get(name, value) != value:
            raise Malformed("invalid_value", f"{name} is ours to set, and is another.")


def _chosen(said: Any) -> dict[str, Any]:  # noqa: ANN401  (a shape, or one with our defaults)
    """What the partner set, by the names of our columns."""
    wanted: dict[str, Any] = {}
    if "events_requested" in said:
        wanted["requested"] = said["events_requested"]
    if "description" in said:
        wanted["description"] = said["description"]
    if "delivery" in said:
        how = said["delivery"]
        is_push = how["method"] == Stream.Method.PUSH
        wanted |= {"method": how["method"], "endpoint_url": how["endpoint_url"] if is_push else ""}
        wanted["authorization"] = how.get("authorization_header", "") if is_push else ""
    return wanted


def _fixed(found: Stream) -> dict[str, Any]:
    """What is ours to set."""
    return {
        "iss": settings.PUBLIC_URL,
        "aud": found.aud,
        "events_supported": list(meanings.SUPPORTED),
        "events_delivered": list(found.delivered),
        "min_verification_interval": limits.current().signals.verification_seconds,
    }


def _config(found: Stream) -> dict[str, Any]:
    """All of it but the header that the partner gave us: that is a secret of its own."""
    is_push = found.method == Stream.Method.PUSH
    url = found.endpoint_url if is_push else links.absolute("signals:poll", found.pk.hex)
    told = {"stream_id": found.pk.hex, **_fixed(found), "delivery": {"method": found.method, "endpoint_url": url}}
    if found.requested is not None:
        told["events_requested"] = found.requested
    return told | ({"description": found.description} if found.description else {})


@for_receivers(GET=_READ, POST=_MANAGE)
def status(request: HttpRequest, partner: Partner, at: datetime) -> HttpResponse:
    """Whether signals are sent, held or dropped (section 8.1.2)."""
    if request.method == "GET":
        return JsonResponse(_standing(_theirs(partner, request.GET.get("stream_id", ""))))
    said = _said(request, shapes.STATUS)
    found, wanted = _theirs(partner, said["stream_id"]), Stream.Status(said["status"])
    return JsonResponse(_standing(flows.set_status(found, wanted, said.get("reason", ""), by=acting(partner), at=at)))


def _standing(found: Stream) -> dict[str, str]:
    told = {"stream_id": found.pk.hex, "status": found.status}
    return told | ({"reason": found.reason} if found.reason else {})


@for_receivers(POST=_MANAGE)
def add_subject(request: HttpRequest, partner: Partner, at: datetime) -> HttpResponse:
    """It wants to hear of somebody (section 8.1.3.2). Whether we know them is not said."""
    found, sub = _about(request, partner)
    if not flows.add(found, sub):
        return problem("too_many_subjects", f"no more than {limits.current().signals.subjects}", 429)
    return HttpResponse(status=200)


@for_receivers(POST=_MANAGE)
def remove_subject(request: HttpRequest, partner: Partner, at: datetime) -> HttpResponse:
    """And no more (section 8.1.3.3)."""
    flows.remove(*_about(request, partner))
    return HttpResponse(status=204)


def _about(request: HttpRequest, partner: Partner) -> tuple[Stream, str]:
    said = _said(request, shapes.ABOUT)
    subject = said["subject"]
    who = subject["user"] if subject["format"] == "complex" else subject
    if who["iss"] != settings.PUBLIC_URL:
        raise Malformed("invalid_value", "subject is not one of this issuer's.")
    return _theirs(partner, said["stream_id"]), who["sub"]


@for_receivers(POST=_MANAGE)
def verify(request: HttpRequest, partner: Partner, at: datetime) -> HttpResponse:
    """It wants to see that the stream works (section 8.1.4.2)."""
    said = _said(request, shapes.VERIFICATION)
    if not flows.verify(_theirs(partner, said["stream_id"]), said.get("state"), at):
        response = problem("too_many_requests", "verification was asked for just now", 429)
        response["Retry-After"] = str(limits.current().signals.verification_seconds)
        return response
    return HttpResponse(status=204)


@for_receivers(POST=_READ)
def poll(request: HttpRequest, partner: Partner, stream_id: str, at: datetime) -> HttpResponse:
    """What waits, oldest first, until it is acknowledged (RFC 8936 section 2)."""
    found = _theirs(partner, stream_id)
    if found.method != Stream.Method.POLL:
        raise _NotFound
    said = _said(request, shapes.POLLING)
    done = [*said.get("ack", ()), *said.get("setErrs", ())]
    if refused := len(said.get("setErrs", ())):
        log.warning("partner %s refuses %s signals for good", partner.pk, refused)
    flows.taken(found, [key for key in map(_id, done) if key])
    most = min(said.get("maxEvents", _MOST_AT_ONCE), _MOST_AT_ONCE)
    waiting = Signal.objects.waiting(found.pk, at)
    made = sets.tokens(waiting[:most], at)
    told = {row.pk.hex: token for row, token in made.items() if token is not None}
    flows.taken(found, [row.pk for row, token in made.items() if token is None])
    more = waiting.count() > len(told)
    return JsonResponse({"sets": told} | ({"moreAvailable": True} if more else {}))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
