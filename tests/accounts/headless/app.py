"""A small native app: it has a key of its own, signs each request with it, and keeps a token and a nonce."""

import base64
import hashlib
import json
import uuid
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from jsonschema import Draft202012Validator
from jwcrypto import jwk, jws

from accounts.headless import openapi

PREFIX = "/_allauth/app/v1/"


@cache
def portal() -> Any:
    """The product, as a server of the web runs it, in the transaction of a test."""
    handler = WSGIHandler()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        try:
            response: Any = handler(environ, start_response)
            found = list(response)
            response.close()
        finally:
            for signal in (request_started, request_finished):
                signal.connect(close_old_connections)
        return found

    return serve


def signed(claims: dict[str, Any], key: Any) -> str:
    token = jws.JWS(json.dumps(claims))
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.export_public(as_dict=True)}
    token.add_signature(key, alg="ES256", protected=json.dumps(header))
    return str(token.serialize(compact=True))


class App:
    """What a phone holds. ``source``: the address it comes from; ``base``: another portal than the one under test."""

    def __init__(self, *, source: str = "198.51.100.40", name: str = "Ada’s phone", base: str = "") -> None:
        self.key, self.token, self.nonce = jwk.JWK.generate(kty="EC", crv="P-256"), "", ""
        transport = None if base else httpx.WSGITransport(app=portal(), remote_addr=source)
        agent = {"User-Agent": "TeaHouse/3.1 (Pixel 9; Android 15)", "X-Device-Name": quote(name)}
        self.base = base or settings.PUBLIC_URL
        self.http = httpx.Client(transport=transport, base_url=self.base, headers=agent, timeout=30)

    def proof(self, method: str, path: str, **changed: Any) -> str:
        claims = {"htm": method, "htu": self.base + path, "iat": _now(), "jti": uuid.uuid4().hex, "nonce": self.nonce}
        if self.token:
            digest = hashlib.sha256(self.token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return signed(claims | changed, self.key)

    def once(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One request, as it is: with the token that there is and, unless a header says otherwise, a fresh proof."""
        return self.raw(method, path, headers, **({} if body is None else {"json": body}))

    def raw(self, method: str, path: str, headers: dict[str, str] | None = None, **sent: Any) -> httpx.Response:
        known = {"X-Session-Token": self.token} if self.token else {}
        known |= {"DPoP": self.proof(method, PREFIX + path)} | (headers or {})
        answer = self.http.request(method, PREFIX + path, headers=known, **sent)
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        held(PREFIX + path, method, answer)
        return answer

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The same, again with the nonce where one is wanted; keeps the token that comes, throws away a dead one."""
        answer = self.once(method, path, body)
        if answer.status_code == 401 and answer.json().get("errors", [{}])[0].get("code") == "use_dpop_nonce":
            answer = self.once(method, path, body)
        self.token = "" if answer.status_code == 410 else answer.json().get("meta", {}).get("session_token", self.token)
        return answer

    def post(self, path: str, **body: Any) -> Any:
        return self.ask("POST", path, body)

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def sign_in(self, email: str, password: str) -> Any:
        return self.post("auth/login", email=email, password=password)


@cache
def document() -> dict[str, Any]:
    return openapi.document()


def held(path: str, method: str, answer: httpx.Response) -> None:
    """What is served about the API is true of this answer."""
    item = document()["paths"][path]
    promised = item.get(method.lower(), next(iter(item.values())))["responses"][str(answer.status_code)]
    part = promised["content"]["application/json"]["schema"]
    Draft202012Validator(part | {"components": document()["components"]}).validate(answer.json())
    assert answer.headers["Content-Type"] == "application/json"
    assert not promised.get("headers", {}).keys() - {name.title() for name in answer.headers}


def _now() -> int:
    from ciam_portal.core import clock  # noqa: PLC0415  (the tests' clock may be set)

    return int(clock.now().timestamp())


def pending(answer: Any) -> list[str]:
    """The flows that wait."""
    return [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]


def work(puzzle: dict[str, Any]) -> str:
    """What passes a challenge."""

    def solves(part: int, number: int) -> bool:
        digest = hashlib.sha256(f"{puzzle['seed']}:{part}:{number}".encode()).digest()
        return bool(int.from_bytes(digest[:4]) >> (32 - puzzle["bits"]) == 0)

    return ",".join(str(next(n for n in count() if solves(part, n))) for part in range(puzzle["parts"]))
