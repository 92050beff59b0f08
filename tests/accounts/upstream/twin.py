"""A service that customers sign in with, on this machine: OpenID Connect, and lies when it is told to."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from django.test import Client

from accounts.upstream.shapes import Upstream
from ciam_portal.core import clock
from ciam_portal.core.crypto import codes
from tests.oauth.keyed import key_set, new_key, signed

CLIENT, SECRET = "portal", "a secret of the portal's"


class Twin:
    """What it says is what a test tells it to: of itself (``metadata``), of its keys, and of each person."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}"
        self.key = new_key()
        self.forget()

    def forget(self) -> None:
        """As it was at first."""
        self.granted: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.status = 200
        self.person: dict[str, Any] = {}  # beside the subject that it named last
        self.latest: Any = None
        self.metadata: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
        }

    def upstream(self, **more: Any) -> Upstream:
        """As the operator has it in the file."""
        made = Upstream("Acme", CLIENT, SECRET, issuer=self.issuer, key="acme")
        return replace(made, **more)

    def agrees(self, there: str, claims: dict[str, Any], **header: Any) -> str:
        """Somebody signed in there: the query with which their browser comes back."""
        sent = dict(parse_qsl(urlsplit(there).query))
        assert (sent["client_id"], sent["response_type"], sent["code_challenge_method"]) == (CLIENT, "code", "S256")
        now, code = int(clock.now().timestamp()), codes.new_token()
        said = {"iss": self.issuer, "aud": CLIENT, "sub": "ada", "iat": now, "exp": now + 300, "nonce": sent["nonce"]}
        said = {name: value for name, value in (said | claims).items() if value is not None}
        self.granted[code] = {"claims": said, "header": header, "challenge": sent["code_challenge"]}
        return urlencode({"state": sent["state"], "code": code, "iss": self.issuer})

    def answer(self, path: str, form: dict[str, str], authorization: str) -> Any:
        """JSON to a request."""
        self.asked.append(path)
        if path == "/jwks":
            return key_set(self.key)
        if path == "/token":
            pair = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+').replace(chr(39), '%27')}".encode()).decode()
            grant = self.granted.pop(form["code"])
            hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
            assert base64.urlsafe_b64encode(hashed).decode().rstrip("=") == grant["challenge"]
            assert authorization == f"Basic {pair}"
            self.latest = grant["claims"].get("sub")
            return {"access_token": "opaque", "id_token": self.token(grant["claims"], **grant["header"])}
        return {"sub": self.latest} | self.person if path == "/userinfo" else self.metadata

    def token(self, claims: dict[str, Any], **header: Any) -> str:
        """Signed; or, with ``alg`` none, not."""
        if header.get("alg") != "none":
            return signed(claims, header.pop("key", self.key), **header)
        parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
        return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])


@contextmanager
def running() -> Iterator[Twin]:
    """One of them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            form = {}
            if self.command == "POST":
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
            said = json.dumps(twin.answer(self.path, form, self.headers.get("Authorization", ""))).encode()
            self.send_response(twin.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815  (the library's name)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    twin = Twin(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield twin
    finally:
        server.shutdown()
        server.server_close()


def there(page: Any) -> str:
    """The address that the page in between leads to."""
    found = re.search(r'content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def go(client: Client, twin: Twin, claims: dict[str, Any] | None = None, **header: Any) -> Any:
    """Sign in with it: there and back; the page that one comes to."""
    page = client.post("/sign-in/with/acme/", {"again": codes.new_token()})
    return client.get(f"/sign-in/with/acme/back/?{twin.agrees(there(page), claims or {}, **header)}")
