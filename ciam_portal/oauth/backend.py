"""The library's machinery behind the token, revocation and introspection endpoints, fed with clean input only."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request, urlencode

from ciam_portal.core import network
from ciam_portal.oauth.models import Partner

# Among the headers, under names that no header has:
JKT = "ciam.jkt"  # the key that was proven on this request,
NETWORK = "ciam.network"  # and where it comes from.

# All that these endpoints understand. The library's request answers for every name of a form as if it were an attribute
# of its own, and so would with what it and we keep there.
_FIELDS = frozenset({
    "grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "resource",
    "authorization_details", "code", "redirect_uri", "code_verifier", "refresh_token", "device_code", "subject_token",
    "subject_token_type", "requested_token_type", "actor_token", "actor_token_type", "audience", "token",
    "token_type_hint", "auth_req_id",
})  # fmt: skip


class Core(OAuthLibCore):
    """Takes what it understands, from the form alone: what stands in the address of these endpoints is never read."""

    def _extract_params(self, request: HttpRequest) -> tuple[str, str, str, dict[str, Any]]:
        pairs = [(name, values[-1]) for name, values in request.POST.lists() if values and name in _FIELDS]
        headers = self.extract_headers(request) | {JKT: getattr(request, "jkt", "")}
        headers[NETWORK] = network.prefix(network.client_address(request))
        return request.path, str(request.method), urlencode(pairs), headers


@cache
def core() -> Core:
    """One for the process. The validator is named in settings: what it enforces lies above this package."""
    makers = {
        "token_generator": _access_value,
        "refresh_token_generator": _refresh_value,
        "pre_token": [],  # the library would look for a device among rows of its own, which are never filled
    }
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    return Core(oauth2_settings.OAUTH2_SERVER_CLASS(validator, **(oauth2_settings.server_kwargs | makers)))


def authenticated(request: HttpRequest) -> Partner | None:
    """The partner that proved on this request who it is; None for any other."""
    plain, validator = _plain(request)
    known = validator.authenticate_client(plain)
    return plain.client if known and isinstance(plain.client, Partner) else None


def named(request: HttpRequest) -> Partner | None:
    """The same; a public partner, which can prove nothing, only says who it is."""
    plain, validator = _plain(request)
    if validator.client_authentication_required(plain):
        return authenticated(request)
    known = validator.authenticate_client_id(plain.client_id, plain)
    return plain.client if known and isinstance(plain.client, Partner) else None


def _plain(request: HttpRequest) -> tuple[Any, Any]:
    backend = core()
    return Request(*backend._extract_params(request)), backend.server.request_validator  # noqa: SLF001  (our own class)


def _access_value(request: Any) -> str:  # noqa: ANN401  (the library's request)
    # A customer's tokens were made by the flow that judged the code or refresh token; a partner's own comes later.
    issued = getattr(request, "issued", None)
    return issued.access_token if issued else ""


def _refresh_value(request: Any) -> str:  # noqa: ANN401  (the library's request)
    issued = getattr(request, "issued", None)
    return issued.refresh_token if issued else ""
