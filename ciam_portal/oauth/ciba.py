"""Tokens for what a customer approved elsewhere (OpenID CIBA Core 1.0 sections 10 and 11): the form of the grant."""

import json
from typing import Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase

GRANT = "urn:openid:params:grant-type:ciba"
POLL, PING = MODES = ("poll", "ping")


class Ciba(GrantTypeBase):
    """The grant."""

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[dict[str, str], str, int]:  # noqa: ANN401  (the library's)
        """One access token, once the customer has said yes; no ID token, for nobody signs in."""
        headers: dict[str, str] = self._get_default_headers()
        try:
            if not self.request_validator.authenticate_client(request):
                raise errors.InvalidClientError(request=request)
            self.validate_grant_type(request)
            if not getattr(request, "auth_req_id", None):
                raise errors.InvalidRequestError("auth_req_id is missing", request=request)
            self.request_validator.validate_auth_req_id(request)
        except errors.OAuth2Error as error:
            return headers | error.headers, error.json, error.status_code
        token = token_handler.create_token(request, refresh_token=False)
        self.request_validator.save_token(token, request)
        return headers, json.dumps(token), 200
