"""Kettle, an agent: it finds the portal by the shop's metadata, is connected there by its customer, reads and pays.

It pays what its customer says yes to at that moment (OpenID CIBA), once. Its page says what it does.
"""

import asyncio
import json
import os
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth.utils import extract_field_from_www_auth
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.mcp_demo import page, wire

CIBA = "urn:openid:params:grant-type:ciba"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_AHEAD_SECONDS = 30


class Over(Exception):
    """It goes no further: says why, for whoever watches it."""


class Portal:
    """The portal, as the agent finds it; every request proves who it is, and that it holds its key."""

    def __init__(self, key: Any, client_id: str) -> None:
        self.key, self.client_id, self.nonce = key, client_id, ""
        self.known: dict[str, Any] = {}

    async def discover(self, shop: str) -> None:
        """From the shop's refusal to who lets agents in there (RFC 9728), and where (RFC 8414)."""
        async with httpx2.AsyncClient(timeout=10) as client:
            refused = await client.post(shop, json={})
            described = await client.get(extract_field_from_www_auth(refused, "resource_metadata") or shop)
            resource = described.json()
            if resource["resource"] != shop:
                raise Over("The shop's metadata is about something else.")
            (issuer,) = resource["authorization_servers"]
            found = (await client.get(f"{issuer}/.well-known/oauth-authorization-server")).json()
        if found["issuer"] != issuer:
            raise Over("The portal's metadata is about another.")
        self.known = found

    async def post(self, endpoint: str, form: dict[str, str]) -> dict[str, Any]:
        """What it answers; asked once more, if it wants a fresh nonce in the proof."""
        if endpoint not in self.known:
            raise Over(f"The portal has no {endpoint}.")
        url, said = self.known[endpoint], dict[str, Any]()
        for _each in range(2):
            proven = {"client_assertion_type": ASSERTION}
            proven["client_assertion"] = wire.assertion(self.key, self.client_id, self.known["issuer"])
            headers = {"DPoP": wire.proof(self.key, "POST", url, nonce=self.nonce)}
            async with httpx2.AsyncClient(timeout=10) as client:
                response = await client.post(url, data=form | proven, headers=headers)
            self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
            said = response.json()
            if said.get("error") != "use_dpop_nonce":
                break
        return said


class Bound(httpx2.Auth):
    """A token, and for each request a proof by the key that it is bound to."""

    def __init__(self, key: Any, token: str) -> None:
        self.key, self.token = key, token

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """As the library sends each."""
        request.headers["Authorization"] = f"DPoP {self.token}"
        self._prove(request)
        response = yield request
        if nonce := response.headers.get("DPoP-Nonce", "") if response.status_code == httpx2.codes.UNAUTHORIZED else "":
            self._prove(request, nonce)
            yield request

    def _prove(self, request: httpx2.Request, nonce: str = "") -> None:
        url = str(request.url).partition("?")[0]
        request.headers["DPoP"] = wire.proof(self.key, request.method, url, token=self.token, nonce=nonce)


class Kettle:
    """The agent, with one customer at a time."""

    def __init__(self) -> None:
        self.here, self.shop = os.environ["AGENT_URL"], os.environ["SHOP_URL"]
        self.key = wire.key_of(os.environ["AGENT_KEY"])
        self.portal = Portal(self.key, os.environ["AGENT_CLIENT_ID"])
        self.lines: list[str] = []
        self.busy: asyncio.Task[None] | None = None
        self.begun: dict[str, str] = {}
        self.refresh, self.sub = "", ""
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def say(self, line: str) -> None:
        """One more line on its page."""
        self.lines.append(f"{time.strftime('%H:%M:%S')}  {line}")

    @property
    def about_me(self) -> str:
        """Where the portal says who its customer is."""
        return f"{self.portal.known['issuer']}/api/profile"

    async def begin(self) -> str:
        """Where its customer lets it act: for this shop, and to know by which name to ask for them."""
        await self.portal.discover(self.shop)
        self.say(f"The shop says that {self.portal.known['issuer']} lets agents in.")
        self.begun = {"state": secrets.token_urlsafe(16), "verifier": secrets.token_urlsafe(48)}
        asked = [
            ("client_id", self.portal.client_id), ("redirect_uri", f"{self.here}/callback"),
            ("response_type", "code"), ("scope", "profile"), ("state", self.begun["state"]),
            ("code_challenge", wire.digest(self.begun["verifier"])), ("code_challenge_method", "S256"),
            ("dpop_jkt", self.key.thumbprint()), ("resource", self.shop), ("resource", self.about_me),
            ("prompt", "consent"),  # so that its customer reads what they have let it do, and can let it do less
        ]  # fmt: skip
        return f"{self.portal.known['authorization_endpoint']}?{urlencode(asked)}"

    async def connected(self, said: dict[str, str]) -> None:
        """Its customer has answered."""
        begun, self.begun = self.begun, {}
        if not begun or said.get("state") != begun["state"] or said.get("iss") != self.portal.known["issuer"]:
            raise Over("That is no answer to what I asked.")
        if "code" not in said:
            raise Over(f"You did not let me: {said.get('error_description', said.get('error'))}.")
        form = {"grant_type": "authorization_code", "code": said["code"], "code_verifier": begun["verifier"]}
        form |= {"redirect_uri": f"{self.here}/callback", "resource": self.about_me}
        token = await self._token(form)
        async with httpx2.AsyncClient(auth=Bound(self.key, token), timeout=10) as client:
            self.sub = (await client.get(self.about_me)).json()["subject"]["sub"]
        self.say("You have connected me.")

    async def token(self) -> str:
        """A token for the shop, good for minutes."""
        if not self.refresh:
            raise Over("Nobody has connected me.")
        return await self._token({"grant_type": "refresh_token", "refresh_token": self.refresh, "resource": self.shop})

    async def _token(self, form: dict[str, str]) -> str:
        said = await self.portal.post("token_endpoint", form)
        if "access_token" not in said:
            self.refresh = ""
            raise Over(f"The portal gives me no token any more ({said['error']}).")
        self.refresh = said.get("refresh_token", self.refresh)
        return str(said["access_token"])

    async def use(self, tool: str, token: str, **words: str) -> dict[str, Any]:
        """One tool of the shop's."""
        async with (
            httpx2.AsyncClient(auth=Bound(self.key, token), timeout=20) as http,
            Client(streamable_http_client(self.shop, http_client=http)) as client,
        ):
            answer = await client.call_tool(tool, dict(words))
        if answer.is_error or not answer.structured_content:
            raise Over("The shop did not understand me.")
        return dict(answer.structured_content)

    async def run(self) -> None:
        """Read the order, ask, pay; and try to pay again, which nobody lets it."""
        try:
            order = await self.use("read_order", await self.token(), order="1001")
            self.say(f"Order 1001: {order['what']}, {order['amount']} {order['currency']}.")
            token = await self.ask(order)
            paid = await self.use("pay_order", token, order="1001")
            self.say("Paid." if paid["paid"] else f"Not paid. {paid['why']}")
            again = await self.use("pay_order", token, order="1001")
            self.say("Paid twice!" if again["paid"] else f"A second time? No. {again['why']}")
        except Over as over:
            self.say(str(over))
        except (ExceptionGroup, httpx2.HTTPError, KeyError, ValueError):
            self.say("The shop lets me in no more.")

    async def ask(self, order: dict[str, Any]) -> str:
        """Ask the customer, wherever they are, for just this payment; the token that they say yes to."""
        form = {
            "login_hint": self.sub, "scope": "openid profile", "binding_message": f"Order 1001: {order['what']}",
            "authorization_details": json.dumps(order["authorization_details"]), "resource": self.shop,
        }  # fmt: skip
        asked = await self.portal.post("backchannel_authentication_endpoint", form)
        if "auth_req_id" not in asked:
            raise Over(f"I may not ask you: {asked.get('error_description', asked['error'])}.")
        shown = f"{form['binding_message']}; reference {asked.get('reference', '-')}"
        self.say(f"I have asked you to approve it, at the portal under Approvals ({shown}).")
        wait, until = asked.get("interval", 5), time.monotonic() + asked["expires_in"]
        while time.monotonic() < until:
            await self.sleep(wait)
            said = await self.portal.post("token_endpoint", {"grant_type": CIBA, "auth_req_id": asked["auth_req_id"]})
            if "access_token" in said:
                self.say("You said yes.")
                return str(said["access_token"])
            if said["error"] not in {"authorization_pending", "slow_down"}:
                raise Over(f"You said no, or stopped me ({said['error']}).")
            wait += 5 if said["error"] == "slow_down" else 0
        raise Over("You did not answer in time.")


def create_app() -> Starlette:
    """The agent's page, configured by environment: AGENT_URL, SHOP_URL, AGENT_CLIENT_ID, AGENT_KEY."""
    kettle = Kettle()

    async def home(_request: Request) -> Response:
        busy = kettle.busy is not None and not kettle.busy.done()
        return HTMLResponse(page.of(kettle.lines, busy=busy, connected=bool(kettle.refresh)))

    async def connect(_request: Request) -> Response:
        return RedirectResponse(await kettle.begin(), 303)

    async def callback(request: Request) -> Response:
        try:
            await kettle.connected(dict(request.query_params))
        except Over as over:
            kettle.say(str(over))
        return RedirectResponse("/", 303)

    async def run(request: Request) -> Response:
        own = urlsplit(request.headers.get("Origin", kettle.here)).netloc == urlsplit(kettle.here).netloc
        if own and (kettle.busy is None or kettle.busy.done()):
            kettle.busy = asyncio.create_task(kettle.run())
        return RedirectResponse("/", 303)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/connect", connect, methods=["POST"]),
            Route("/callback", callback),
            Route("/run", run, methods=["POST"]),
        ]
    )
