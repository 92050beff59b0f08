"""Requests to addresses that somebody else chose: never to our own network, never far, never long (SSRF).

A name is looked up once and connected to at what was found, so that no second answer leads elsewhere (DNS rebinding);
TLS is verified for the name. No redirect is followed. The speaker of httpcore.
"""

import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

_CONNECT_SECONDS = 3.0
_ALL_SECONDS = 5.0
_LONGEST_URL = 1024
# Each holds an IPv4 address that a gateway takes out and connects to (RFC 6052, RFC 3056, RFC 4380).
_EMBEDDING = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


class Unreachable(Exception):
    """No answer that may be used: says why, without what was answered. ``status``: of the answer, if there was one."""

    status = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What was answered; the names of headers are in lower case."""

    status: int
    body: bytes
    headers: dict[str, str]


def acceptable(url: str) -> bool:
    """Whether such an address may be stored: https in full; in development plain http to this machine, too."""
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return False
    local = not settings.PRODUCTION and parts.hostname in {"localhost", "127.0.0.1"}
    plain = url.isascii() and url.isprintable() and not set(url) & set(" #\\") and len(url) <= _LONGEST_URL
    return plain and bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or local)


def get(url: str, *, most: int) -> bytes:
    """The body of a 200, of at most ``most`` bytes. Raises Unreachable."""
    return read(url, most=most).body


def read(url: str, *, most: int) -> Found:
    """The same, with its headers. Raises Unreachable."""
    found = ask("GET", url, most=most)
    if found.status != 200:  # noqa: PLR2004  (an HTTP status)
        error = Unreachable(f"answered {found.status}")
        error.status = found.status
        raise error
    return found


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status that a request with this body was answered with. Raises Unreachable if it was not."""
    return ask("POST", url, body=body, headers=headers, most=0).status


def ask(method: str, url: str, *, most: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Found:
    """What a request was answered with, whatever its status. Raises Unreachable."""
    if not acceptable(url):
        message = "is no address that we ask"
        raise Unreachable(message)
    extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), _CONNECT_SECONDS)}
    sent = list((headers or {}).items())
    try:
        with _pool().stream(method, url, headers=sent, content=body, extensions=extensions) as response:
            found = b""
            for chunk in response.iter_stream() if most else ():
                found += chunk
                if len(found) > most:
                    message = "answered too much"
                    raise Unreachable(message)
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Found(response.status, found, said)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, UnicodeError) as error:
        message = f"did not answer ({type(error).__name__})"
        raise Unreachable(message) from error


@cache
def _pool() -> httpcore.ConnectionPool:
    context = ssl.create_default_context()
    return httpcore.ConnectionPool(
        ssl_context=context, network_backend=_Outside(), max_keepalive_connections=0, retries=0
    )


class _Outside(httpcore.SyncBackend):
    """Connects to addresses of the public internet only."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = {ip_address(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
        if not found or not all(is_outside(each) for each in found):  # one inside is one too many
            message = "is an address inside"
            raise OSError(message)
        first = str(min(found, key=lambda each: each.version))
        end = time.monotonic() + _ALL_SECONDS
        return _Hurried(super().connect_tcp(first, port, timeout, local_address, socket_options), end)


class _Hurried(httpcore.NetworkStream):
    """A connection that is over at an instant, however little at a time the other side sends."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream, self._end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._end)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (the library's signature)
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return min(left, timeout or left)


def is_outside(address: IPv4Address | IPv6Address) -> bool:
    """Whether it lies in the public internet; in development this machine does, too (the demo's partner)."""
    inner = getattr(address, "ipv4_mapped", None) or address
    if inner.is_loopback and not settings.PRODUCTION:
        return True
    return inner.is_global and not inner.is_multicast and not any(inner in each for each in _EMBEDDING)
