"""What partners may read, a field at a time, and what they may ask about a token."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial, wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.models import Session
from ciam_portal.core import clock, gate, grounds
from ciam_portal.core.audit.decide import Decided
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Deny, Hold, StepUp
from ciam_portal.core.words import sentence, why_not
from ciam_portal.oauth import actors, backend, claims, dpop, jwts, scopes, tokens
from ciam_portal.oauth.errors import ProtocolError
from ciam_portal.oauth.models import AccessToken, Partner, RefreshToken
from ciam_portal.oauth.resources import ours, signed, targets
from ciam_portal.oauth.scopes import OFFLINE
from ciam_portal.oauth.subjects import subject
from ciam_portal.oauth.views import for_machines, problem
from consent.details import facts as details
from consent.ledger.shapes import Party, Way
from consent.permission import facts, policy
from consent.release import issuance, pace
from consent.release.access import Access, acting, admit, partner_of
from consent.release.actors import standing_of
from consent.use import fields
from consent.use import flows as leaving
from consent.use.shapes import Released, To

_NOT_LIVE = "the token is unknown, expired, or was withdrawn"
_MOST_SIGN_INS = 50
_SIGNED = f"application/{signed.ANSWER}"
_TOKEN = re.compile(r"(bearer|dpop) +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
_ALGORITHMS = " ".join(jwts.ALGORITHMS)


def bearer(*needed: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view for partners that hold an access token opening ``needed``; it is given the ``Access``.

    Whoever holds it may use it (RFC 6750), or who proves to hold the key that it is bound to (RFC 9449 section 7).
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def run(request: HttpRequest, value: str, jkt: str, at: datetime) -> HttpResponse:
            access = admit(value, *needed, path=request.path, jkt=jkt)
            if not isinstance(access, Access):
                return _refused(access, needed, at)
            calls = pace.calls(access)
            if calls and (wait := calls.too_many()) is not None:
                return _too_many(wait)
            access.consent.used(at)
            asks: list[Callable[[Mapping[str, Any]], bool]] = []
            if jkt:  # a proof of a key counts once; and of the request nothing is kept that can be long
                asks = [partial(dpop.proves_again, str(request.method), request.path, value, jkt)]
            if calls:  # one too many burns no proof, and a wrong proof counts no call
                asks = [calls.are_left, *asks, calls.go_on]
            grounds.may_repeat(*asks)
            return view(request, access)

        return _described(_presented(wraps(view)(run)), needed)

    return decorate


def own(*enough: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view for partners that act for themselves, with a token for one of these scopes; it is given the partner."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def run(request: HttpRequest, value: str, jkt: str, at: datetime, **named: Any) -> HttpResponse:  # noqa: ANN401  (the path's)
            partner, held = partner_of(value, at, jkt=jkt)
            if partner is None:
                return _challenge(401, "invalid_token", _NOT_LIVE)
            if not held & set(enough):
                return _challenge(403, "insufficient_scope", "this is not what the token is for", scope=enough[0])
            return view(request, partner, **named)

        return _presented(wraps(view)(run))

    return decorate


def _described(view: Callable[..., HttpResponse], needed: tuple[str, ...]) -> Callable[..., HttpResponse]:
    """The same view; whoever is refused there is led to what it needs (RFC 9728 section 5.1)."""

    @wraps(view)
    def run(request: HttpRequest) -> HttpResponse:
        response = view(request)
        if said := response.get("WWW-Authenticate"):
            where = f'resource_metadata="{ours.described_at(request.path)}"'
            scope = f'scope="{" ".join(needed)}", ' if needed and " scope=" not in said else ""
            response["WWW-Authenticate"] = f"{said}, {scope}{where}"
        return response

    return run


def _presented(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that is given the access token that was sent, the key that was proven with it, and when."""

    @wraps(view)
    def run(request: HttpRequest, **named: Any) -> HttpResponse:  # noqa: ANN401  (the path's)
        if "access_token" in request.GET or "access_token" in request.POST:
            return _challenge(400, "invalid_request", "send the token in the Authorization header")
        header = request.headers.get("Authorization", "")
        if not header:
            return _challenge(401, "", "")
        at = clock.now()
        try:
            value, jkt = _shown(request, header, at)
        except ProtocolError as error:
            return _bound(_challenge(401, error.error, error.description), at)
        response = view(request, value, jkt, at, **named)
        return _bound(response, at) if jkt else response

    return run


def _shown(request: HttpRequest, header: str, at: datetime) -> tuple[str, str]:
    """The token that was sent, and the key that was proven with it. Raises ProtocolError."""
    sent = _TOKEN.fullmatch(header)
    if sent is None:
        return "", ""
    scheme, value = sent[1].lower(), sent[2]
    jkt = dpop.proven(request, at, token=value) if scheme == "dpop" else ""
    if scheme == "dpop" and not jkt:
        raise ProtocolError(dpop.INVALID, "a proof is missing")
    return value, jkt


def _refused(decided: Decided | None, needed: tuple[str, ...], at: datetime) -> HttpResponse:
    """What consent or the gate answered, as RFC 6750 and RFC 9470 say it."""
    match decided and decided.answer:
        case StepUp(to=to, within=within):
            asked = {"acr_values": to.acr} | ({} if within is None else {"max_age": str(within)})
            words = "the customer has to prove more, or again: send them to the authorization endpoint with these"
            return _challenge(401, "insufficient_user_authentication", words, **asked)
        case Hold(reason=reason, until=until):
            response = _challenge(403, "access_denied", sentence(reason), reason=reason)
            if until is not None:
                response["Retry-After"] = str(max(1, math.ceil((until - at).total_seconds())))
            return response
        case Deny(reason=policy.Reason.NOT_COVERED):
            return _challenge(403, "insufficient_scope", "the customer does not allow this", scope=" ".join(needed))
        case Deny(reason=gate.Reason() as reason):
            return _challenge(403, "access_denied", sentence(reason), reason=reason)
    return _challenge(401, "invalid_token", _NOT_LIVE)


def _too_many(wait: int) -> HttpResponse:
    refused = problem(pace.ERROR, f"come again in {wait} seconds", pace.STATUS)
    refused["Retry-After"] = str(wait)
    return refused


def _challenge(status: int, error: str, description: str, **more: str) -> HttpResponse:
    context = {"realm": "portal", "error": error, "error_description": description} | more
    response = problem(error or "invalid_token", description or "a bearer token is needed", status)
    response["WWW-Authenticate"] = "Bearer " + ", ".join(
        f'{name}="{value}"' for name, value in context.items() if value
    )
    return response


def _bound(response: HttpResponse, at: datetime) -> HttpResponse:
    """The same answer, for whoever speaks DPoP."""
    said = response.get("WWW-Authenticate", "").removeprefix("Bearer ")
    if said:
        response["WWW-Authenticate"] = f'DPoP {said}, algs="{_ALGORITHMS}"'
    return dpop.with_nonce(response, at)


@for_machines("GET", "POST", "HEAD", browsers=True)
@bearer("openid")
def userinfo(request: HttpRequest, access: Access) -> HttpResponse:
    """The fields that token and consent both cover (OpenID Connect Core section 5.3)."""
    released = _release(access, Way.USERINFO, _telling(access), access.named)
    return JsonResponse(_person(access, released)) if released.names else _withheld(released)


@for_machines("GET", "HEAD")
@bearer()
def profile(request: HttpRequest, access: Access) -> HttpResponse:
    """The same fields as data of the portal's own, and under which permission they were released."""
    released = _release(access, Way.PROFILE, _telling(access))
    if not released.names:
        return _withheld(released)
    shared = {"consent": str(access.consent.pk), "scopes": list(access.scopes), "withheld": dict(released.withheld)}
    return JsonResponse({"subject": _person(access, released), "shared": shared})


@for_machines("GET", "HEAD")
@bearer("activity")
def activity(request: HttpRequest, access: Access) -> HttpResponse:
    """The customer's latest sign-ins: when, where from, with what, and how sure we were."""
    released = _release(access, Way.ACTIVITY, ("openid", "activity"))
    if not (released.names and "behavior" in released.categories):
        return _withheld(released)
    latest = Session.objects.filter(customer=access.customer).order_by("-started_at")[:_MOST_SIGN_INS]
    sign_ins = [fields.sign_in(each, released) for each in latest]
    return JsonResponse({"sub": subject(access.partner, access.customer.pk), "sign_ins": sign_ins})


def _telling(access: Access) -> tuple[str, ...]:
    """The scopes that tell something of a person; who it is, is always told."""
    return ("openid", *(scope.name for scope in scopes.described(access.scopes) if scope.claims))


def _release(access: Access, way: Way, names: tuple[str, ...], named: tuple[str, ...] = ()) -> Released:
    to = To(Party(access.partner.pk), way, actor=access.used_by)
    return leaving.release_to_app(access.consent, access.customer, names, to, named=named, at=access.at)


def _withheld(released: Released) -> HttpResponse:
    why = next(iter(released.withheld.values()))
    return _challenge(403, "access_denied", why_not(why), reason=why)


def _person(access: Access, released: Released) -> dict[str, Any]:
    customer, named, allowed = access.customer, access.named, access.scopes
    asked = claims.asked(claims.USERINFO, access.token.named)
    person = fields.of(customer, released, allowed, named=named)
    person |= fields.verified_claims(customer, released, allowed, asked, named=named, at=access.at)
    act = actors.shown(access.token.act, access.partner, access.actor)
    return {"sub": subject(access.partner, access.customer.pk)} | person | act


@for_machines("POST")
def introspect(request: HttpRequest) -> HttpResponse:
    """Whether a token stands at this moment (RFC 7662). Who it is for learns that; for all others it does not."""
    asking = backend.authenticated(request)
    if asking is None:
        return problem("invalid_client", "authenticate with client_secret_basic or client_secret_post", 401)
    if (wait := pace.too_many(asking)) is not None:
        return _too_many(wait)
    value = request.POST.get("token", "")
    if not value:
        return problem("invalid_request", "token is missing")
    if "client_assertion" not in request.POST:
        grounds.may_repeat(lambda _: pace.too_many(asking) is None)  # a signed proof counts once
    found = tokens.access_of(value) or tokens.standing_refresh(value)
    said = _state(found, asking) if found else {"active": False}
    if _SIGNED not in request.headers.get("Accept", ""):
        return JsonResponse(said)
    return HttpResponse(signed.answer(said, asking, clock.now()), content_type=_SIGNED)


def _state(found: AccessToken | RefreshToken, asking: Partner) -> dict[str, Any]:
    nothing: dict[str, Any] = {"active": False}
    at, owner, is_refresh = clock.now(), found.application, isinstance(found, RefreshToken)
    if not (owner.pk == asking.pk if isinstance(found, RefreshToken) else targets.is_for(found, asking)):
        return nothing
    ends = min(found.idle_at, found.expires_at) if isinstance(found, RefreshToken) else found.expires
    if at >= ends or not owner.is_enabled:
        return nothing
    kind = "refresh_token" if is_refresh else (dpop.SCHEME if found.jkt else "Bearer")
    state = signed.described(found, ends, found.created)
    state |= {"active": True, "token_type": kind} | actors.client(owner)
    if found.consent is None or found.session is None:
        return state
    held = tuple(found.scope.split())
    found.consent.choices = found.choices
    delegation = standing_of(owner, found.user_id) if isinstance(found, RefreshToken) else found.delegation_id
    needed = (OFFLINE,) if is_refresh and delegation is None else ()
    root = issuance.Root(owner, found.user, found.session, found.consent, delegation=delegation)
    asked = issuance.ask(root, Action.USE_TOKEN, held=held, needed=needed, by=acting(owner), at=at)
    if not isinstance(asked.answer, Allow):
        return nothing
    to = To(Party(asking.pk), Way.INTROSPECTION, actor=asked.actor(asking.pk))
    if not leaving.release_to_app(found.consent, found.user, ("openid",), to, at=at).names:
        return nothing
    opened = facts.open_now(asked.allowed, asked.token, asked.person, at)
    who = facts.signed_in(found.session) if asked.acts is None else {}
    if not is_refresh:
        who |= actors.shown(found.act, asking, asked.delegate)
    if approved := details.standing(found.details):
        state["authorization_details"] = [row.said for row in approved]
    return state | who | {"sub": subject(asking, found.user.pk), "scope": " ".join(opened)}
