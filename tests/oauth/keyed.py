"""A partner with keys of its own: signs who it is and what it asks for, and pushes that ahead."""

import base64
import hashlib
import json
import uuid
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from jwcrypto import jwk, jws

from ciam_portal.core import clock
from ciam_portal.oauth import assertions
from ciam_portal.oauth.profiles import Profile
from tests.oauth.walk import CALLBACK, Walk, challenge, register

_KINDS: dict[str, dict[str, Any]] = {
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "PS256": {"kty": "RSA", "size": 2048},
}


def new_key(algorithm: str = "ES256", kid: str = "first") -> Any:
    return jwk.JWK.generate(**_KINDS[algorithm], kid=kid)


def key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.export_public(as_dict=True) for key in keys]}


def signed(claims: dict[str, Any], key: Any, algorithm: str = "ES256", **header: Any) -> str:
    token = jws.JWS(json.dumps(claims))
    token.allowed_algs = [algorithm]
    token.add_signature(key, alg=algorithm, protected=json.dumps({"alg": algorithm, "kid": "first"} | header))
    return str(token.serialize(compact=True))


class Keyed(Walk):
    """Proves itself by assertion at every endpoint."""

    def __init__(self, browser: Client | None = None, *, algorithm: str = "ES256", **said: Any) -> None:
        self.algorithm, self.key = algorithm, new_key(algorithm)
        self.holder, self.nonce = new_key(), ""
        said = {"profile": Profile.FAPI2, "jwks": key_set(self.key)} | said
        super().__init__(*register("Bank", **said), browser)

    def says(self, **changed: Any) -> dict[str, Any]:
        now, own = int(clock.now().timestamp()), self.partner.client_id
        claims = {"iss": own, "sub": own, "aud": settings.PUBLIC_URL, "iat": now, "exp": now + 60}
        claims |= {"jti": uuid.uuid4().hex} | changed
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(self, **changed: Any) -> str:
        return signed(self.says(**changed), self.key, self.algorithm)

    def proof(self, assertion: str | None = None) -> dict[str, str]:
        return {"client_assertion_type": assertions.KIND, "client_assertion": assertion or self.assertion()}

    def post(self, path: str, form: dict[str, Any], **headers: Any) -> Any:
        """To the token endpoint with a proof of possession, and again with the nonce if it wants one."""
        if path != "/oauth/token/" or "HTTP_DPOP" in headers:
            return self.machine.post(path, self.proof() | form, **headers)
        answer = self.machine.post(path, self.proof() | form, HTTP_DPOP=self.possession("POST", path), **headers)
        if answer.status_code == 400 and answer.json()["error"] == "use_dpop_nonce":
            self.nonce = answer["DPoP-Nonce"]
            answer = self.machine.post(path, self.proof() | form, HTTP_DPOP=self.possession("POST", path), **headers)
        return answer

    def possession(self, method: str, path: str, token: str = "", *, key: Any = None, **changed: Any) -> str:
        """A proof; ``jwk`` and what else is no claim goes into the header."""
        key = key or self.holder
        claims = {"htm": method, "htu": settings.PUBLIC_URL + path, "iat": int(clock.now().timestamp())}
        claims |= {"jti": uuid.uuid4().hex, "nonce": self.nonce}
        if token:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        header = {"typ": "dpop+jwt", "jwk": key.export_public(as_dict=True)}
        header |= {name: changed.pop(name) for name in ("typ", "jwk") if name in changed}
        claims = {name: value for name, value in (claims | changed).items() if value is not None}
        return signed(claims, key, **header)

    def get(self, path: str, token: str, **changed: Any) -> Any:
        proof = self.possession("GET", path, token, **changed)
        return self.machine.get(path, HTTP_AUTHORIZATION=f"DPoP {token}", HTTP_DPOP=proof)

    def asking(self, scope: str = "openid profile", **changed: Any) -> dict[str, Any]:
        words = {
            "client_id": self.partner.client_id, "redirect_uri": CALLBACK, "response_type": "code", "scope": scope,
            "state": "s-1", "nonce": "n-1", "code_challenge": challenge(), "code_challenge_method": "S256",
        } | changed  # fmt: skip
        return {name: value for name, value in words.items() if value is not None}

    def push(self, **changed: Any) -> Any:
        return self.post("/oauth/par/", self.asking(**changed))

    def request_object(self, key: Any = None, **changed: Any) -> str:
        now = int(clock.now().timestamp())
        claims = {"iss": self.partner.client_id, "aud": settings.PUBLIC_URL, "nbf": now, "exp": now + 60}
        claims |= self.asking() | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return signed(claims, key or self.key, self.algorithm, typ="oauth-authz-req+jwt")

    def open(self, uri: str, browser: Client | None = None, **more: Any) -> Any:
        query = urlencode({"client_id": self.partner.client_id, "request_uri": uri} | more)
        return (browser or self.browser).get(f"/oauth/authorize/?{query}")
