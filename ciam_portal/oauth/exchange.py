"""Token exchange at the token endpoint (RFC 8693 section 2): its form. What it takes in, the validator says."""

import json
from typing import Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.openid import Server as Library

from ciam_portal.oauth import ciba, subject_tokens

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  (a name, not a secret)


class Server(Library):
    """The library's, with this grant beside its own, and that of what customers approve elsewhere."""

    def __init__(self, request_validator: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (the library's)
        super().__init__(request_validator, *args, **kwargs)
        self.grant_types[GRANT] = TokenExchange(request_validator)
        self.grant_types[ciba.GRANT] = ciba.Ciba(request_validator)


class TokenExchange(GrantTypeBase):
    """The grant."""

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[dict[str, str], str, int]:  # noqa: ANN401  (the library's)
        """One access token for another."""
        headers: dict[str, str] = self._get_default_headers()
        try:
            self._check(request)
            self.request_validator.validate_exchange(request)
        except errors.OAuth2Error as error:
            return headers | error.headers, error.json, error.status_code
        token = token_handler.create_token(request, refresh_token=False)
        self.request_validator.save_token(token, request)
        return headers, json.dumps(token | {"issued_token_type": ACCESS_TOKEN}), 200

    def _check(self, request: Any) -> None:  # noqa: ANN401  (the library's)
        """What is not understood is refused, and never left out: what remains would be another request."""
        if not self.request_validator.authenticate_client(request):
            raise errors.InvalidClientError(request=request)
        self.validate_grant_type(request)
        if not _said(request, "subject_token"):
            raise errors.InvalidRequestError("subject_token is missing", request=request)
        kind = _said(request, "subject_token_type")
        if kind not in {ACCESS_TOKEN, subject_tokens.TYPE}:
            words = "subject_token_type must be an access token's, or a JWT's that names for whom somebody acts"
            raise errors.InvalidRequestError(words, request=request)
        acts = _said(request, "actor_token"), _said(request, "actor_token_type")
        if kind == ACCESS_TOKEN and any(acts):
            raise errors.InvalidRequestError("actor_token is for a JWT: here, who asks is who acts", request=request)
        if kind == subject_tokens.TYPE and (not acts[0] or acts[1] != ACCESS_TOKEN):
            raise errors.InvalidRequestError("actor_token must be the access token of who acts", request=request)
        if _said(request, "requested_token_type") not in {"", ACCESS_TOKEN}:
            raise errors.InvalidRequestError("requested_token_type must be an access token's", request=request)
        if _said(request, "audience"):
            words = "name a resource by its address, in resource"
            raise errors.CustomOAuth2Error("invalid_target", description=words, request=request)


def _said(request: Any, name: str) -> str:  # noqa: ANN401  (the library's)
    return getattr(request, name, None) or ""
