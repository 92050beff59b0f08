"""A proxy asks about the very same request within a second: one statement, and never longer than is true."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from ciam_portal import machines, repeats
from ciam_portal.core import clock
from ciam_portal.gateway.models import Entry
from consent.ledger import counter
from tests.gateway.conftest import KEY, Browser

pytestmark = pytest.mark.django_db


class Proxy:
    """Asks about one browser's requests, at the portal's own door in this process."""

    def __init__(self, browser: Browser) -> None:
        self.cookie = browser.jars["shop.example.com"].cookies.output(attrs=[], header="", sep=";").strip()
        self.agent = str(browser.portal.defaults["HTTP_USER_AGENT"])
        self.portal = repeats.Repeating(machines.Machines())

    def asks(self, uri: str = "/", *, method: str = "GET", key: str = KEY) -> tuple[str, dict[str, str], int]:
        """Status, headers, and how many statements it took."""
        said: list[Any] = []
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": "/gateway/check", "QUERY_STRING": "", "SCRIPT_NAME": "",
            "SERVER_NAME": "x", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http", "HTTP_HOST": configured.PUBLIC_URL.removeprefix("http://"),
            "HTTP_COOKIE": self.cookie, "HTTP_USER_AGENT": self.agent, "HTTP_X_GATEWAY_KEY": key,
            "HTTP_X_GATEWAY_HOST": "shop.example.com", "HTTP_X_GATEWAY_METHOD": method, "HTTP_X_GATEWAY_URI": uri,
        }  # fmt: skip
        with CaptureQueriesContext(connection) as made:
            b"".join(self.portal(environ, lambda *given: said.extend(given)))
        return said[0].split()[0], dict(said[1]), len(made)


@pytest.fixture
def proxy(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    browser.goes_to("/")
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    monkeypatch.setattr(counter, "count", lambda *_: None)
    monkeypatch.setattr(repeats, "monotonic", lambda: 1000.0)
    return Proxy(browser)


CHANGES: dict[str, Callable[[], object]] = {
    "the session has ended": lambda: Session.objects.update(ended_at=clock.now()),
    "the customer is not active": lambda: User.objects.update(is_active=False),
    "the entry is another": lambda: Entry.objects.update(digest="x" * 43),
    "the entry is gone": lambda: Entry.objects.all().delete(),
}


@pytest.mark.control("v5.0.0-7.4.1")
def test_what_changes_counts_at_once(proxy: Proxy) -> None:
    for name, change in CHANGES.items():
        with transaction.atomic():
            first, *_, last = [proxy.asks() for _ in range(3)]
            assert (first[0], last[0], last[2]) == ("204", "204", 1), name
            assert first[1]["X-Gateway-Identity"] == last[1]["X-Gateway-Identity"]
            change()
            assert proxy.asks()[0] == "401", name
            transaction.set_rollback(True)
        proxy.portal = repeats.Repeating(machines.Machines())


def test_another_request_is_decided_by_itself(proxy: Proxy) -> None:
    for _ in range(3):
        assert proxy.asks()[0] == "204"
    assert [proxy.asks(uri)[0] for uri in ("/me", "/admin", "/static/x")] == ["204", "403", "204"]
    assert proxy.asks(method="POST")[2] > 1
    assert proxy.asks(key="another")[0] == "404"


def test_what_is_sensitive_is_noted_each_time(proxy: Proxy) -> None:
    assert [proxy.asks("/admin")[2] > 1 for _ in range(4)] == [True] * 4
