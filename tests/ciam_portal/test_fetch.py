"""What somebody else's address makes us do: nothing inside, nothing large, nothing long."""

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from ciam_portal.core import fetch


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(4)
        if self.path == "/drip":
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                for _ in range(30):
                    self.wfile.write(b"X-More: yes\r\n")
                    time.sleep(0.5)
            return
        self.send_response({"/gone": 404, "/moved": 302}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/")
        body = b"x" * (50_000 if self.path == "/large" else 5)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_a_body_and_a_status(server: str) -> None:
    assert fetch.get(f"{server}/", most=5) == b"xxxxx"
    assert fetch.post(f"{server}/", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}) == 204


@pytest.mark.control("v5.0.0-1.3.6")
@pytest.mark.parametrize("path", ["/large", "/gone", "/moved", "/slow", "/drip"])
def test_what_is_no_answer(server: str, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(fetch.Unreachable):
        fetch.get(server + path, most=1000)
    assert time.monotonic() - began < 10


def test_a_name_that_cannot_be_one_is_not_asked() -> None:
    with pytest.raises(fetch.Unreachable):
        fetch.get(f"https://{'x' * 70}.example/", most=10)


@pytest.mark.parametrize(
    "url",
    ["https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://10.0.0.1/"],
)
def test_production_reaches_nothing_inside(url: str, settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(fetch.Unreachable):
        fetch.get(url, most=10)


def test_a_name_that_leads_inside_is_not_followed(settings: Any, monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    settings.PRODUCTION = True
    connected: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *words, **_: connected.append(words))
    for found in (["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], []):
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in found]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, rows=rows, **__: rows)
        with pytest.raises(fetch.Unreachable):
            fetch.get("https://partner.example/jwks.json", most=10)
    assert connected == []


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("93.184.216.34", True), ("2606:4700::1111", True), ("127.0.0.1", False), ("0.0.0.1", False),
        ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.1.1", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False),
        ("fe80::1", False), ("fc00::1", False), ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False), ("ff02::1", False), ("64:ff9b::7f00:1", False),
    ],
)  # fmt: skip
def test_inside_and_outside(text: str, outside: bool, settings: Any) -> None:
    settings.PRODUCTION = True
    assert fetch.is_outside(ip_address(text)) is outside


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/", "ftp://partner.example/", "https://", "https://a@b.example/", "https://a b/",
        "https://partner.example/ü", "https://partner.example:99999/", "https://partner.example/#x", "file:///etc/passwd",
        "https://partner.example/" + "x" * 1100, "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_kept(url: str) -> None:
    assert not fetch.acceptable(url)
