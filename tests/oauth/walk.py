"""Walks of a partner and a customer through the protocol, a step at a time."""

import base64
import hashlib
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import partners
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.resources import registry
from tests import factories
from tests.conftest import NOON

CALLBACK = "https://shop.example/callback"
AFTER = "https://shop.example/"
VERIFIER = "v" * 43
ALL = ("openid", "profile", "email", "phone", "activity", "delegations", "offline_access")


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def register(name: str = "Shop", **said: Any) -> tuple[Partner, str]:
    words: dict[str, Any] = {
        "redirect_uris": (CALLBACK,),
        "post_logout_redirect_uris": (AFTER,),
        "scopes": ALL,
        "purpose": "Sells shoes.",
    }
    if said.get("profile") is Profile.SERVICE:
        words = {"scopes": (), "purpose": "Counts shoes."}
    words |= {"owner": owner()} | said
    return partners.register(partners.Registration(name=name, **words), by=Actor.system(), at=clock.now())


def owner() -> UUID:
    """Who answers for the partners of a test."""
    person = User.objects.filter(email="owner@shop.example").first()
    return (person or factories.customer("owner@shop.example")).pk


def serve(server: "Walk", *reached_by: "Walk", url: str = "https://api.example/v1", **said: Any) -> str:
    """Register an API that ``server`` runs; these partners may ask for tokens for it. Its address."""
    words = {"name": "Warehouse", "scopes": ("openid", "profile")} | said
    registry.register(registry.Registration(url=url, partner=server.partner, **words), by=Actor.system(), at=NOON)
    for each in reached_by:
        urls = tuple(Partner.objects.get(pk=each.partner.pk).resources_allowed)
        registry.let_reach(each.partner, (*urls, url), by=Actor.system(), at=NOON)
    return url


class Walk:
    """One partner, with one customer's browser (or none)."""

    def __init__(self, partner: Partner, secret: str, browser: Client | None = None) -> None:
        self.partner, self.secret = partner, secret
        self.browser = browser or Client()
        self.machine = Client()

    # --- the customer's browser

    def ask(self, scope: str = "openid profile email", **changed: Any) -> Any:
        words: dict[str, Any] = {
            "client_id": self.partner.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": scope,
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        } | changed
        words = {name: value for name, value in words.items() if value is not None}
        return self.browser.get("/oauth/authorize/", words)

    def decide(self, page: HttpResponse, decision: str = "allow", scope: list[str] | None = None, **more: Any) -> Any:
        text = page.content.decode()
        reference = re.search(r'name="reference" value="([^"]+)"', text)
        assert reference, text[:2000]
        ticked = re.findall(r'name="scope" value="([^"]+)"', text) if scope is None else scope
        form = {"reference": reference.group(1), "decision": decision, "scope": ticked} | more
        return self.browser.post("/oauth/authorize/decide/", form)

    def code(self, scope: str = "openid profile email", **changed: Any) -> str:
        response = self.ask(scope, **changed)
        if response.status_code == 200:
            response = self.decide(response)
        return answer(response)["code"]

    # --- the partner's server

    def basic(self, secret: str | None = None) -> str:
        pair = f"{self.partner.client_id}:{self.secret if secret is None else secret}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def post(self, path: str, form: dict[str, Any], **headers: Any) -> Any:
        if not self.partner.is_public:
            headers = {"HTTP_AUTHORIZATION": self.basic()} | headers
        else:
            form = {"client_id": self.partner.client_id} | form
        return self.machine.post(path, form, **headers)

    def redeem(self, code: str, **changed: Any) -> Any:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changed
        return self.post("/oauth/token/", {name: value for name, value in form.items() if value is not None})

    def tokens(self, scope: str = "openid profile email", **changed: Any) -> dict[str, Any]:
        response = self.redeem(self.code(scope, **changed))
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    def refresh(self, token: str, **more: Any) -> Any:
        return self.post("/oauth/token/", {"grant_type": "refresh_token", "refresh_token": token} | more)

    def get(self, path: str, token: str) -> Any:
        return self.machine.get(path, HTTP_AUTHORIZATION=f"Bearer {token}")

    def userinfo(self, token: str) -> Any:
        return self.get("/oauth/userinfo/", token)

    def introspect(self, token: str) -> dict[str, Any]:
        response = self.post("/oauth/introspect/", {"token": token})
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found


def answer(response: Any) -> dict[str, str]:
    """The words of a redirect to the partner; fails if it is none."""
    assert response.status_code in {302, 303}, (response.status_code, response.content[:3000])
    assert response["Location"].startswith(CALLBACK), response["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}


def payload(token: str) -> dict[str, Any]:
    """What a JWT says, unverified."""
    part = token.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return said
