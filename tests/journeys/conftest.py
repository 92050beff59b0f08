"""A whole running portal, and a real browser to walk through it."""

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, sync_playwright

from tests import services
from tests.journeys.browser import Chromium, NewProfile, leave, pytest_runtest_makereport, pytest_runtest_protocol
from tests.journeys.walk import ask
from tests.services import NO_BROWSER, browser_is_required
from tests.stack import Stack
from tests.stack.state import new_key
from tests.stack.valkey import free_port

__all__ = ["pytest_runtest_makereport", "pytest_runtest_protocol"]
_PATIENCE_MS = 30_000
_ROUTES = """
[apps.shop]
name = "Old shop"
origin = "http://shop.localhost:{port}"
routes = [
    {{ path = "/", action = "gateway.page" }},
    {{ path = "/admin", action = "gateway.admin" }},
    {{ path = "/static", public = true }},
]
"""


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Web, worker, beat and the demo partner, with a database, Valkey, mail and SMS folders of their own."""
    folder = tmp_path_factory.mktemp("gateway")
    folder.chmod(0o755)
    file = folder / "routes.toml"
    file.write_text(_ROUTES.format(port=free_port()), encoding="utf-8")
    with Stack.temporary(GATEWAY_ROUTES=str(file), GATEWAY_KEYS=new_key()) as stack:
        yield stack


def legacy_app(portal: Stack) -> str:
    """Where the application behind the gateway is to be."""
    routes = tomllib.loads(Path(portal.env["GATEWAY_ROUTES"]).read_text(encoding="utf-8"))
    return str(routes["apps"]["shop"]["origin"])


@pytest.fixture(autouse=True)
def _an_hour_of_its_own(portal: Stack) -> None:
    """All journeys come from one network address, to one mail domain: each has an hour of its own for what they ask."""
    cache = redis.Redis.from_url(portal.env["CACHE_URL"])
    for kind in ("ciam:*:budget:*", "ciam:velocity:sign_up:*"):
        for key in cache.scan_iter(kind):
            cache.delete(key)
    ask(portal, "DELETE FROM accounts_outgoing")  # which remembers what the cache forgets


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """The browser, kept running.

    Package scope: Playwright keeps an event loop in this thread, which Django's ORM does not accept.
    """
    path = services.chromium()
    if path is None:
        if browser_is_required():
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        kept = Chromium(playwright, path)
        yield kept
        kept.running().close()


@pytest.fixture(autouse=True)
def _watched(chromium: Chromium, portal: Stack) -> Iterator[None]:
    """No journey waits for ever."""
    chromium.running()
    with chromium.watched():
        yield


@pytest.fixture
def browser(_watched: None, chromium: Chromium) -> Browser:
    """The browser that runs now."""
    return chromium.running()


@pytest.fixture
def new_profile(browser: Browser, portal: Stack) -> Iterator[NewProfile]:
    """Makes browsers that nobody has used before; relative addresses lead to the portal."""
    with ExitStack() as left:

        def make(**options: Any) -> BrowserContext:
            usual = {"base_url": portal.url, "locale": "en-GB", "timezone_id": "UTC"}
            fresh = browser.new_context(**usual | options)
            left.callback(leave, fresh)
            fresh.set_default_timeout(_PATIENCE_MS)
            return fresh

        yield make


@pytest.fixture
def context(new_profile: NewProfile) -> BrowserContext:
    """A fresh browser profile."""
    return new_profile()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


@pytest.fixture
def authenticator(page: Page) -> CDPSession:
    """Chromium's virtual authenticator: on this device, with a screen lock that always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser complains about on this page, such as the content security policy: in the end, nothing."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if _matters(message) else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


def _matters(message: ConsoleMessage) -> bool:
    return message.type == "error" and "Failed to load resource" not in message.text
