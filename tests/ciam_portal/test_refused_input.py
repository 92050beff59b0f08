"""Refused input and an answer of *later*: one log line each, with the request's id, no traceback, and every header."""

import logging
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from accounts.models import User
from ciam_portal.core.cache import Cache
from ciam_portal.core.logs import NoTraceback

FORM = "application/x-www-form-urlencoded"
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Cache-Control")

pytestmark = pytest.mark.django_db


def lines(caplog: pytest.LogCaptureFixture, answer: Any) -> int:
    """How many there are in the log; each says of which request, and none has a traceback."""
    found = [record for record in caplog.records if record.levelno >= logging.WARNING]
    for record in found:
        NoTraceback().filter(record)
        assert record.exc_info is None
        assert record.request_id == answer["X-Request-ID"]  # type: ignore[attr-defined]
        assert "\n" not in record.getMessage()
    return len(found)


@pytest.mark.control("v5.0.0-16.5.1")
@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in/", "/sign-up/", "/recover/", "/staff/login/", "/oauth/token/", "/api/decisions", "/nowhere/"],
)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=b", f"{FORM}; charset=UTF8"),
        (b"a=%00", FORM),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b"\xff\xfe", f"{FORM}; charset=utf-16"),
        (b"&".join(b"a=b" for _ in range(300)), FORM),
        (b"a" * 300_000, FORM),
        (b"{", "application/json"),
    ],
)
def test_input_that_is_refused_is_one_line(caplog: pytest.LogCaptureFixture, path: str, body: bytes, kind: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["csrf"] = "c" * 32
    answer = client.generic("POST", path, body, kind)
    assert 200 <= answer.status_code < 500
    assert not [name for name in HEADERS if name not in answer]
    assert lines(caplog, answer) == (answer.status_code >= 400)


@pytest.mark.parametrize("path", ["/nowhere/", "/sign-in/?a=%00", "/oauth/authorize/?client_id=%ff", "/api/nowhere"])
def test_so_is_an_address_that_is_refused(caplog: pytest.LogCaptureFixture, client: Client, path: str) -> None:
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert lines(caplog, answer) == 1


@pytest.mark.parametrize(
    "path", ["/api/x", "/ssf/stream", "/oauth/par/", "/oauth/device/", "/oauth/bc-authorize/", "/oauth/grants/x"]
)
def test_machines_are_refused_in_json(client: Client, path: str) -> None:
    assert client.get(f"{path}?a=%00").json()["error"] == "invalid_request"


def test_so_is_a_cache_that_is_away(
    caplog: pytest.LogCaptureFixture, client: Client, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise RedisAway("Error 111 connecting to 10.0.0.7:6379. Connection refused.")

    monkeypatch.setattr(Cache, "count", away)
    for name in ("get", "add", "incr", "set"):
        monkeypatch.setattr(cache, name, away)
    answer = client.post("/sign-in/", {"login": customer.email, "password": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert lines(caplog, answer) == 1
    assert "10.0.0.7" not in caplog.text
    assert not [name for name in HEADERS if name not in answer]
