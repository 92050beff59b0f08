"""The demo's agent and its shop (MCP): who is let in, that it finds the portal by itself, is asked about, pays once."""

import asyncio
import base64
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import uvicorn
from django.conf import LazySettings
from django.db import connections
from django.test import Client
from starlette.requests import Request

from accounts.models import Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.profiles import Profile
from consent.delegation import flows as delegating
from consent.models import DelegatedUse, Delegation
from tests.factories import customer as new_customer
from tests.mcp_demo import shop, wire
from tests.mcp_demo.agent import Kettle
from tests.oauth.connecting import PAY, TERMS
from tests.oauth.walk import Walk, register, serve

SHOP = "https://shop.example/mcp"
KEY = wire.key_of(base64.urlsafe_b64encode(b"k" * 32).decode())
OTHER = wire.key_of(base64.urlsafe_b64encode(b"o" * 32).decode())
GOOD: dict[str, Any] = {
    "active": True, "aud": SHOP, "sub": "rosa", "cnf": {"jkt": KEY.thumbprint()},
    "act": {"sub": "kettle", "sub_profile": "ai_agent"},
}  # fmt: skip


class Told:
    """A portal that says of each token what a test says."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said

    async def introspect(self, _token: str) -> dict[str, Any]:
        return self.said


def asked(kind: str = "DPoP", key: Any = KEY, method: str = "POST", url: str = SHOP, token: str = "t") -> Request:
    """A request with a token and a proof for it."""
    proof = wire.proof(key, method, url, token=token).encode()
    headers = [(b"authorization", f"{kind} t".encode()), (b"dpop", proof)]
    return Request({"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": headers})


def admitted(request: Request, said: dict[str, Any], guard: shop.Guard | None = None) -> bool:
    there: Any = guard or shop.Guard(Told(said), Told(said), SHOP)  # type: ignore[arg-type]  # what it stands before
    return asyncio.run(there.acting(request)) is not None


@pytest.mark.parametrize(
    ("sent", "changed", "answer"),
    [
        ({}, {}, True),
        ({"kind": "Bearer"}, {}, False),
        ({"key": OTHER}, {}, False),  # somebody else's key
        ({"method": "GET"}, {}, False),
        ({"url": "https://shop.example/other"}, {}, False),
        ({"token": "another"}, {}, False),
        ({}, {"active": False}, False),
        ({}, {"aud": "https://shop.example/other"}, False),
        ({}, {"aud": [SHOP]}, False),
        ({}, {"act": {}}, False),  # a customer's own app
        ({}, {"act": {"sub": "x", "sub_profile": "user"}}, False),
    ],
)
def test_whom_the_shop_lets_in(sent: dict[str, Any], changed: dict[str, Any], answer: bool) -> None:
    assert admitted(asked(**sent), GOOD | changed) is answer


def test_a_proof_counts_once_and_nonsense_never() -> None:
    guard = shop.Guard(Told(GOOD), Told(GOOD), SHOP)  # type: ignore[arg-type]  # what it stands before
    first = asked()
    assert admitted(first, GOOD, guard)
    assert not admitted(first, GOOD, guard)
    for text in ("", "x", "a.b.c", wire.assertion(KEY, "me", "you")):
        assert wire.prover(text, "POST", SHOP, "t", {}) is None


# --- the whole way, with a shop that is served


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Scene:
    """Rosa, her agent Kettle, and a shop that is served on this machine, with the portal."""

    def __init__(self, kettle: Kettle, browser: Client, rosa: User) -> None:
        self.kettle, self.browser, self.rosa = kettle, browser, rosa

    def connect(self) -> None:
        found = urlsplit(asyncio.run(self.kettle.begin()))
        page: Any = self.browser.get(found.path, dict_of(found.query))
        assert page.status_code == 200, page.get("Location", page.content)
        terms = TERMS | {"do:partner.payment": "ask", "amount_each": "100", "amount_month": "200", "scope": ["profile"]}
        reference = re.search(r'name="reference" value="([^"]+)"', page.text)
        assert reference
        form = terms | {"reference": reference[1], "decision": "allow"}
        back = urlsplit(self.browser.post("/oauth/authorize/decide/", form)["Location"])
        asyncio.run(self.kettle.connected(dict(parse_qsl(back.query))))

    def run(self, meanwhile: Callable[[], object]) -> list[str]:
        """What it says, if the customer does this while it waits for them."""
        done = list[bool]()

        async def wait(_seconds: float) -> None:
            if not done:
                done.append(True)
                await asyncio.to_thread(self._do, meanwhile)

        self.kettle.sleep = wait
        before = len(self.kettle.lines)
        asyncio.run(self.kettle.run())
        return [line.partition("  ")[2] for line in self.kettle.lines[before:]]

    @staticmethod
    def _do(meanwhile: Callable[[], object]) -> None:
        try:
            meanwhile()
        finally:
            connections.close_all()

    def approve(self) -> None:
        listed = self.browser.get("/approvals/").text
        path = re.search(r'"(/approvals/[0-9a-f-]{36}/)"', listed)
        assert path, listed
        page = self.browser.get(path[1]).text
        assert "49.90" in page.replace("\u00a0", " ")
        assert self.browser.post(f"{path[1]}approve/").status_code == 302

    def stop(self) -> None:
        by = Actor(ActorKind.CUSTOMER, self.rosa.pk, Channel.WEB)
        delegating.end_all(self.rosa, by=by, at=clock.now())


def dict_of(query: str) -> dict[str, Any]:
    """Several of one name as a list."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def scene(
    live_server: Any, sign_in: Callable[..., Client], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Scene]:
    settings.PUBLIC_URL = settings.STAFF_URL = live_server.url
    rosa, port, secret = new_customer(name="Rosa Lind"), free_port(), secrets.token_urlsafe(32)
    Totp.objects.create(user=rosa, confirmed=True, created_at=clock.now())
    browser = sign_in(rosa, Method.PASSWORD, Method.TOTP, on=Client())
    tea = Walk(*register("Tea House", delegates=True, decision_actions=(PAY,)))
    agent = Walk(*register(
        "Kettle", profile=Profile.AGENT, maker="Robots Ltd", purpose="Orders tea.", scopes=("profile",), actions=(PAY,),
        jwks=wire.public(secret), redirect_uris=(f"{live_server.url}/callback",), post_logout_redirect_uris=(),
    ))  # fmt: skip
    url = serve(tea, agent, url=f"http://127.0.0.1:{port}/mcp", scopes=("profile",))
    told = {"PORTAL_URL": live_server.url, "SHOP_URL": url, "AGENT_URL": live_server.url, "AGENT_KEY": secret,
            "PARTNER_CLIENT_ID": tea.partner.client_id, "PARTNER_CLIENT_SECRET": tea.secret,
            "AGENT_CLIENT_ID": agent.partner.client_id}  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    server = uvicorn.Server(uvicorn.Config(shop.create_app(), "127.0.0.1", port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    yield Scene(Kettle(), browser, rosa)
    server.should_exit = True
    thread.join(10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_it_finds_the_portal_pays_what_its_customer_approves_once_and_is_cut_mid_run(scene: Scene) -> None:
    scene.connect()
    said = scene.run(scene.approve)
    assert said[0] == "Order 1001: One teapot, to Bergen, 49.90 EUR."
    assert said[2:4] == ["You said yes.", "Paid."]
    assert said[4].startswith("A second time? No.")
    assert DelegatedUse.objects.filter(action=PAY, amount=4990).count() == 1
    said = scene.run(scene.stop)
    assert said[-1].startswith("You said no, or stopped me")
    assert not Delegation.objects.live().exists()
    assert scene.run(scene.stop)[-1].startswith("The portal gives me no token any more")
    assert DelegatedUse.objects.count() == 1
