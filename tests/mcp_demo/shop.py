"""Tea House for agents: orders and payments, as an MCP server. Who may come, and pay, it asks the portal each time."""

import os
from typing import Any

import httpx2
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.mcpserver import Context, MCPServer
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.mcp_demo import wire

ORDER = {"order": "1001", "what": "One teapot, to Bergen", "amount": "49.90", "currency": "EUR"}
PAYEE = {"creditorName": "Ada's Teapots", "creditorAccount": {"iban": "DE02100100109307118603"}}
QUESTION = {
    "action": "payment", "amount": 4990, "currency": "EUR",
    "resource": {"type": "iban", "id": "DE02100100109307118603"},
}  # fmt: skip
DETAIL = {
    "type": "payment_initiation", "instructedAmount": {"currency": "EUR", "amount": "49.90"}, **PAYEE,
    "remittanceInformationUnstructured": "Order 1001",
}  # fmt: skip


class Portal:
    """The portal, asked with the shop's own credentials."""

    def __init__(self) -> None:
        self.url = os.environ["PORTAL_URL"]
        self.secret = os.environ["PARTNER_CLIENT_ID"], os.environ["PARTNER_CLIENT_SECRET"]

    async def introspect(self, token: str) -> dict[str, Any]:
        """What a token is worth at this moment."""
        return await self._ask("/oauth/introspect/", data={"token": token})

    async def decide(self, what: str, question: dict[str, Any]) -> dict[str, Any]:
        """May this be done; or, with what that answered: do it now."""
        return await self._ask(f"/api/{what}", json=question)

    async def _ask(self, path: str, **body: Any) -> dict[str, Any]:
        async with httpx2.AsyncClient(auth=self.secret, timeout=10) as client:
            found: dict[str, Any] = (await client.post(self.url + path, **body)).json()
        return found


class Guard:
    """In front of the tools: only a token for this very resource, by who holds its key, with an agent in ``act``."""

    def __init__(self, app: ASGIApp, portal: Portal, resource: str) -> None:
        self.app, self.portal, self.resource = app, portal, resource
        self.seen: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != AnyHttpUrl(self.resource).path:
            await self.app(scope, receive, send)
            return
        found = await self.acting(Request(scope))
        if found is None:
            await self.challenge(scope, receive, send)
            return
        scope["acting"] = found
        await self.app(scope, receive, send)

    async def acting(self, request: Request) -> dict[str, Any] | None:
        """For whom, and with what; nothing for anybody else."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        key = wire.prover(request.headers.get("DPoP", ""), request.method, self.resource, token, self.seen)
        if kind != "DPoP" or key is None:
            return None
        told = await self.portal.introspect(token)
        right = told.get("active") is True and told["aud"] == self.resource and told["cnf"]["jkt"] == key
        is_agent = right and told.get("act", {}).get("sub_profile") == "ai_agent"
        return {"sub": told["sub"], "agent": told["act"]["sub"], "token": token} if is_agent else None

    async def challenge(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where to learn who lets agents in (RFC 9728 section 5.1)."""
        where = build_resource_metadata_url(AnyHttpUrl(self.resource))
        words = f'DPoP error="invalid_token", algs="ES256", resource_metadata="{where}"'
        response = JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": words})
        await response(scope, receive, send)


def create_app() -> ASGIApp:
    """The server, configured by environment: PORTAL_URL, SHOP_URL, PARTNER_CLIENT_ID, PARTNER_CLIENT_SECRET."""
    portal, resource = Portal(), os.environ["SHOP_URL"]
    server, paid = MCPServer("Tea House"), set[tuple[str, str]]()

    def mine(context: Context[Any, Request]) -> dict[str, Any]:
        request = context.request_context.request
        found: dict[str, Any] = request.scope["acting"] if request else {}  # whom the guard let in with this request
        return found

    @server.tool()
    def read_order(order: str, context: Context[Any, Request]) -> dict[str, Any]:
        """What was ordered, what it costs, whether it is paid, and what its payment is called at the portal."""
        if order != ORDER["order"]:
            return {"error": "There is no such order."}
        return ORDER | {"paid": (mine(context)["sub"], order) in paid, "authorization_details": [DETAIL]}

    @server.tool()
    async def pay_order(order: str, context: Context[Any, Request]) -> dict[str, Any]:
        """Pay it, if the portal says that this agent may do just this now."""
        acting = mine(context)
        answer = await portal.decide("decisions", QUESTION | {"token": acting["token"]})
        if answer.get("outcome") != "allow":
            return {"paid": False, "why": why(answer), "outcome": answer.get("outcome", "deny")}
        redeemed = await portal.decide("approvals/redeem", QUESTION | {"approval": answer["approval"]})
        if not redeemed.get("redeemed"):
            return {"paid": False, "why": redeemed.get("error_description", "The portal took it back.")}
        paid.add((acting["sub"], order))
        return {"paid": True}

    app = server.streamable_http_app(stateless_http=True, json_response=True)
    app.router.routes += create_protected_resource_routes(
        url(resource), [url(portal.url)], ["profile"], "Tea House for agents"
    )
    return Guard(app, portal, resource)


def url(text: str) -> AnyHttpUrl:
    """It, character for character: clients compare the portal's address as it is written (RFC 8414 section 3.3)."""
    return TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True)).validate_python(text)


def why(answer: dict[str, Any]) -> str:
    """The portal's words for a customer."""
    reasons = answer.get("reasons") or [{"words": answer.get("error_description", "The portal says no.")}]
    return str(reasons[0]["words"])
