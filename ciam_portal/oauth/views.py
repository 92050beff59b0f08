"""The machines' side of the protocol: token, revocation, and the documents that describe it all."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from ciam_portal.core import clock, links
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import ACR_VALUES
from ciam_portal.oauth import (
    actors,
    answers,
    assertions,
    authorization,
    backend,
    ciba,
    details,
    dpop,
    exchange,
    jwts,
    keys,
    pushed,
    redirect_uris,
    subject_tokens,
    verified,
)
from ciam_portal.oauth.errors import ProtocolError
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.scopes import OWN, SCOPES

View = Callable[..., HttpResponse]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = ("authorization_code", "refresh_token", "client_credentials", DEVICE, exchange.GRANT, ciba.GRANT)
CLIENT_AUTHENTICATION = ("client_secret_basic", "client_secret_post", "private_key_jwt")


def problem(error: str, description: str, status: int = 400) -> JsonResponse:
    """An error in the protocol's form (RFC 6749 section 5.2)."""
    response = JsonResponse({"error": error, "error_description": description}, status=status)
    if status == 401:  # noqa: PLR2004  (an HTTP status)
        response["WWW-Authenticate"] = 'Basic realm="partners", charset="UTF-8"'
    return response


def for_machines(*methods: str, browsers: bool = False, several: tuple[str, ...] = ()) -> Callable[[View], View]:
    """An endpoint without cookies: open to all, no CSRF check, errors as JSON, every parameter once.

    ``browsers``: public partners that run in one may read the answer from the origins of their redirect URIs (CORS).
    ``several``: parameters that may come more than once.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  (any view's)
            if not browsers:
                return answered(request, *args, **kwargs)
            asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
            return _readable(request, HttpResponse(status=204) if asks else answered(request, *args, **kwargs))

        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401  (any view's)
            if request.method not in methods:
                wrong = problem("invalid_request", f"use {' or '.join(methods)}", 405)
                wrong["Allow"] = ", ".join(methods)
                return wrong
            request.POST = authorization.given(request.POST)  # type: ignore[assignment]
            for name, values in request.POST.lists():
                if len(values) > 1 and name not in several:
                    return problem("invalid_request", "a parameter was sent more than once")
                if max(len(name), *(len(str(value)) for value in values)) > jwts.LONGEST:
                    return problem("invalid_request", "a parameter is too long")
            response = view(request, *args, **kwargs)
            response.setdefault("Cache-Control", "no-store")
            return response

        return csrf_exempt(login_not_required(sensitive_post_parameters()(run)))

    return decorate


def _readable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    if origin and redirect_uris.is_origin(origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Methods"] = "GET, POST"
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, DPoP"
        response["Access-Control-Expose-Headers"] = "WWW-Authenticate, DPoP-Nonce, Retry-After"
        response["Access-Control-Max-Age"] = "600"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@for_machines("POST", browsers=True)
def token(request: HttpRequest) -> HttpResponse:
    """Tokens for a code, for a refresh token, or for the partner itself (RFC 6749 section 3.2)."""
    grant = request.POST.get("grant_type", "")
    if grant not in GRANTS:
        known = f"grant_type must be one of {', '.join(GRANTS)}"
        return problem("unsupported_grant_type" if grant else "invalid_request", known)
    at = clock.now()
    try:
        jkt = dpop.proven(request, at)
    except ProtocolError as error:
        return dpop.with_nonce(problem(error.error, error.description), at)
    request.jkt = jkt  # type: ignore[attr-defined]  # for our backend
    _, headers, body, status = backend.core().create_token_response(request)
    response = _answer(headers, body, status)
    return dpop.with_nonce(response, at) if jkt else response


@for_machines("POST", browsers=True)
def revoke(request: HttpRequest) -> HttpResponse:
    """A partner gives a token back (RFC 7009). Unknown tokens are fine."""
    _, headers, body, status = backend.core().create_revocation_response(request)
    return _answer(headers, body, status)


@for_machines("POST", browsers=True, several=("resource",))
def push(request: HttpRequest) -> HttpResponse:
    """A partner sends its authorization request ahead of the customer (RFC 9126 section 2)."""
    partner = backend.named(request)
    if partner is None:
        return problem("invalid_client", "say who you are, and prove it", 401)
    at = clock.now()
    try:
        sender, asked = authorization.read(_pushed(request, partner, at), ahead=True)
    except authorization.Unanswerable as error:
        return problem("invalid_request", str(error))
    except (ProtocolError, authorization.Answer) as error:
        return dpop.with_nonce(problem(error.error, error.description), at)
    if sender != partner:
        return problem("invalid_request", "client_id is another app's")
    uri = pushed.push(partner, asked.query)
    return JsonResponse({"request_uri": uri, "expires_in": limits.current().oauth.pushed_seconds}, status=201)


def _pushed(request: HttpRequest, partner: Partner, at: datetime) -> QueryDict:
    """What is asked: in the form, or in the request object and nowhere else (RFC 9101 section 6.3).

    For the key that was proven here, if one was (RFC 9449 section 10.1). Raises ProtocolError.
    """
    query = request.POST.copy()
    if "request" in query:
        said = assertions.asked(query.get("request", ""), partner, at)
        if said is None:
            raise ProtocolError("invalid_request_object", "request is not signed by this app, for us, just now")
        query = said
    query.setdefault("client_id", partner.client_id)
    jkt = dpop.proven(request, at)
    if jkt and query.setdefault("dpop_jkt", jkt) != jkt:
        raise ProtocolError("invalid_request", "dpop_jkt is another key's")
    return query


def _answer(headers: dict[str, str], body: str | None, status: int) -> HttpResponse:
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    if status == 401:  # noqa: PLR2004  (an HTTP status)
        response["WWW-Authenticate"] = 'Basic realm="partners", charset="UTF-8"'
    return response


@for_machines("GET", "HEAD")
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys that verify ID tokens (RFC 7517)."""
    return published(keys.public_set())


@for_machines("GET", "HEAD")
def openid_configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery 1.0."""
    claims = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"]
    claims += [
        claim for scope in SCOPES.values() for claim in scope.claims if claim not in {*claims, verified.EVIDENCE}
    ]
    return published(
        _metadata()
        | {
            "userinfo_endpoint": _url("consent:userinfo"),
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
            "end_session_endpoint": _url("consent:logout"),
            "subject_types_supported": ["pairwise", "public"],
            "id_token_signing_alg_values_supported": list(jwts.OURS),
            "claims_supported": claims,
            "claim_types_supported": ["normal"],
            "verified_claims_supported": True,
            "trust_frameworks_supported": [settings.PUBLIC_URL],
            "evidence_supported": [verified.DOCUMENT, verified.RECORD],
            "documents_supported": list(verified.DOCUMENTS),
            "documents_check_methods_supported": list(verified.DOCUMENT_CHECKS),
            "electronic_records_supported": list(verified.RECORDS),
            "claims_in_verified_claims_supported": list(verified.CLAIMS),
            "claims_parameter_supported": True,
            "request_parameter_supported": True,
            "request_uri_parameter_supported": False,
            "acr_values_supported": list(ACR_VALUES),
            "prompt_values_supported": list(authorization.PROMPTS),
            "display_values_supported": ["page"],
            "ui_locales_supported": [code for code, _name in settings.LANGUAGES],
        }
    )


@for_machines("GET", "HEAD")
def server_metadata(request: HttpRequest) -> HttpResponse:
    """OAuth 2.0 Authorization Server Metadata (RFC 8414)."""
    return published(_metadata())


def _metadata() -> dict[str, Any]:
    return {
        "issuer": settings.PUBLIC_URL,
        "authorization_endpoint": _url("consent:authorize"),
        "token_endpoint": _url("oauth2_provider:token"),
        "device_authorization_endpoint": _url("consent:device_authorize"),
        "backchannel_authentication_endpoint": _url("consent:ask_human"),
        "backchannel_token_delivery_modes_supported": list(ciba.MODES),
        "backchannel_user_code_parameter_supported": False,
        "revocation_endpoint": _url("oauth2_provider:revoke-token"),
        "introspection_endpoint": _url("consent:introspect"),
        "jwks_uri": _url("oauth2_provider:jwks-info"),
        "scopes_supported": [*SCOPES, *sorted(OWN)],
        "response_types_supported": ["code"],
        "response_modes_supported": list(answers.MODES),
        "authorization_signing_alg_values_supported": list(jwts.OURS),
        "grant_types_supported": list(GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*CLIENT_AUTHENTICATION, "none"],
        "revocation_endpoint_auth_methods_supported": [*CLIENT_AUTHENTICATION, "none"],
        "introspection_endpoint_auth_methods_supported": list(CLIENT_AUTHENTICATION),
        "token_endpoint_auth_signing_alg_values_supported": list(jwts.ALGORITHMS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(jwts.ALGORITHMS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(jwts.ALGORITHMS),
        "pushed_authorization_request_endpoint": _url("oauth2_provider:push"),
        "require_pushed_authorization_requests": False,
        "request_object_signing_alg_values_supported": list(jwts.ALGORITHMS),
        "require_signed_request_object": False,
        "dpop_signing_alg_values_supported": list(jwts.ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "introspection_signing_alg_values_supported": list(jwts.OURS),
        "protected_resources": [settings.PUBLIC_URL + path for path in ours.PATHS],
        "authorization_details_types_supported": list(details.TYPES),
        "actor_profile_token_exchange": {
            "subject_token_types_supported": [subject_tokens.TYPE],
            "actor_token_types_supported": [exchange.ACCESS_TOKEN],
            "requested_token_types_supported": [exchange.ACCESS_TOKEN],
        },
        "entity_profiles_supported": {
            "client": [actors.AGENT],
            "subject": [actors.USER],
            "actor": [actors.USER, actors.SERVICE, actors.AGENT],
        },
        "grant_management_actions_supported": ["query", "revoke", *authorization.GrantAction],
        **({"client_id_metadata_document_supported": True} if limits.current().unregistered_agents.allowed else {}),
        "grant_management_action_required": False,
        "grant_management_endpoint": settings.PUBLIC_URL + reverse("consent:grant", args=["-"]).removesuffix("/-"),
    }


def _url(name: str) -> str:
    return links.absolute(name)


def published(document: dict[str, Any], *, seconds: int = 600) -> JsonResponse:
    """A document for everybody, pages of others included."""
    response = JsonResponse(document)
    response["Cache-Control"] = f"public, max-age={seconds}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
