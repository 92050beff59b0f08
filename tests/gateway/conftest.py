"""An application behind the gateway, its proxy, and a browser that comes to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as configured
from django.test import Client

from accounts.models import User
from ciam_portal.gateway import shapes
from ciam_portal.oauth.scopes import opening

KEY = "a-key-that-the-proxy-shows"
ROUTES = """
[apps.shop]
name = "Old shop"
origin = "https://shop.example.com"
routes = [
    { path = "/", action = "gateway.page" },
    { path = "/me", action = "gateway.page", scopes = ["email"] },
    { path = "/admin", action = "gateway.admin" },
    { path = "/orders", action = "gateway.page", methods = ["GET"] },
    { path = "/orders", action = "gateway.admin", methods = ["POST"] },
    { path = "/static", public = true },
]

[apps.wiki]
name = "Wiki"
origin = "https://wiki.example.com"
routes = [{ path = "/pages", action = "gateway.page" }]
"""


def read(folder: Path, text: str) -> dict[str, shapes.App]:
    file = folder / "routes.toml"
    file.write_text(text, encoding="utf-8")
    return shapes.read(str(file), configured.LIMITS.actions, opening(), portal="https://id.example.com", secure=True)


class Browser:
    """A browser with cookies for the portal (``portal``) and for each application (``jars``), never mixed."""

    def __init__(self, portal: Client) -> None:
        self.portal, self.jars = portal, {"shop.example.com": Client(), "wiki.example.com": Client()}

    def asks(self, uri: str, *, host: str = "shop.example.com", method: str = "GET", **headers: str) -> Any:
        """What the proxy is told about one request of this browser."""
        said = {"X-Gateway-Key": KEY, "X-Gateway-Host": host, "X-Gateway-Method": method, "X-Gateway-Uri": uri}
        said |= {"Accept": "text/html", "User-Agent": self.portal.defaults.get("HTTP_USER_AGENT", "")} | headers
        jar = self.jars.get(host) or Client()
        return jar.get("/gateway/check", headers={name: value for name, value in said.items() if value})

    def follows(self, answer: Any) -> Any:
        """To the portal, as it was told."""
        return self.portal.get(answer["X-Gateway-Location"].removeprefix(configured.PUBLIC_URL))

    def arrives(self, led: Any, *, host: str = "shop.example.com") -> Any:
        """At the application's own host, with the code that the portal gave."""
        parts = urlsplit(led["Location"])
        query = {"code": parse_qs(parts.query)["code"][0]}
        return self.jars[host].get("/gateway/arrive", query, headers={"X-Gateway-Key": KEY, "X-Gateway-Host": host})

    def goes_to(self, uri: str, *, host: str = "shop.example.com") -> Any:
        """The whole way; what the proxy is told then."""
        self.arrives(self.follows(self.asks(uri, host=host)), host=host)
        return self.asks(uri, host=host)


@pytest.fixture(autouse=True)
def _behind(settings: Any, tmp_path: Path) -> None:
    settings.GATEWAY_KEYS, settings.GATEWAY_APPS = [KEY], read(tmp_path, ROUTES)


@pytest.fixture
def browser(customer: User, sign_in: Callable[..., Client]) -> Browser:
    """The customer has proven a password, just now."""
    return Browser(sign_in(customer))
