"""Somebody else's OAuth library as the partner: Authlib follows our discovery and trusts nothing else."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from requests.adapters import BaseAdapter

from accounts.models import User
from ciam_portal.oauth.models import Partner
from tests.oauth.test_verified_claims import asks, parameter, show
from tests.oauth.walk import ALL, CALLBACK, Walk, answer

pytestmark = pytest.mark.django_db
_HEADERS = {"authorization": "HTTP_AUTHORIZATION", "accept": "HTTP_ACCEPT", "dpop": "HTTP_DPOP"}


class Wire(BaseAdapter):
    """Carries what ``requests`` sends into the portal, inside this process and its transaction."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        headers: dict[str, Any] = {_HEADERS[n.lower()]: v for n, v in request.headers.items() if n.lower() in _HEADERS}
        body = request.body or b""
        kind = str(request.headers.get("Content-Type", ""))
        told = Client().generic(str(request.method), str(request.path_url), body, kind, **headers)
        response = requests.Response()
        response.status_code, response._content, response.url = told.status_code, told.content, str(request.url)
        response.headers.update(dict(told.items()))
        response.request = request
        return response

    def close(self) -> None:
        pass


@pytest.mark.control("OIDC-Core-2", "OIDC-Core-3.1.3.3", "OIDC-Disc-4.3", "RFC8414-3.3")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_a_customer_in(walk: Walk, customer: User, method: str) -> None:
    Partner.objects.filter(pk=walk.partner.pk).update(scopes_allowed=[*ALL, "identity"])
    show(customer)
    partner = OAuth2Session(
        client_id=walk.partner.client_id,
        client_secret=walk.secret,
        redirect_uri=CALLBACK,
        scope="openid profile email offline_access",
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
    )
    plain = requests.Session()
    for session in (partner, plain):
        session.mount("http://", Wire())
    known = plain.get(f"{settings.PUBLIC_URL}/.well-known/openid-configuration").json()
    keys = KeySet.import_key_set(plain.get(known["jwks_uri"]).json())
    assert known["issuer"] == settings.PUBLIC_URL
    verifier = "authlib-" + "v" * 48
    address, state = partner.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce="n-9", claims=parameter(asks(), place="id_token")
    )
    page: Any = walk.browser.get(urlsplit(address).path, dict(parse_qsl(urlsplit(address).query)))
    response = walk.decide(page)
    assert answer(response)["iss"] == known["issuer"]
    token = partner.fetch_token(
        known["token_endpoint"], authorization_response=response["Location"], state=state, code_verifier=verifier
    )
    decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
    JWTClaimsRegistry(
        iss={"essential": True, "value": known["issuer"]},
        aud={"essential": True, "value": walk.partner.client_id},
        nonce={"essential": True, "value": "n-9"},
        sub={"essential": True},
        exp={"essential": True},
        auth_time={"essential": True},
    ).validate(decoded.claims)
    assert decoded.claims["verified_claims"]["claims"] == {"birthdate": "1986-12-09"}  # their profile has another name
    assert decoded.header["kid"] in {key.kid for key in keys.keys}
    assert partner.get(known["userinfo_endpoint"]).json()["sub"] == decoded.claims["sub"]
    fresh = partner.refresh_token(known["token_endpoint"])
    assert fresh["access_token"] != token["access_token"]
    assert walk.introspect(fresh["access_token"])["active"] is True
    partner.revoke_token(known["revocation_endpoint"], fresh["refresh_token"])
    assert walk.introspect(fresh["access_token"]) == {"active": False}
