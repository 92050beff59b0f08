"""Django's cache in Redis, with one client for all calls and JSON for what is kept.

The library makes a client for each call, and keeps pickles: whoever can write to the server would run code here.
"""

import json
from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class Json:
    """Numbers as they are, so that the server counts with them; everything else as JSON."""

    def dumps(self, value: Any) -> int | bytes:  # noqa: ANN401  (whatever JSON holds)
        """What is kept. Raises TypeError for what is no JSON."""
        return value if type(value) is int else json.dumps(value, separators=(",", ":")).encode()

    def loads(self, kept: bytes) -> Any:  # noqa: ANN401  (as above)
        """What was kept; None for what an earlier release, or somebody else, has written."""
        try:
            return json.loads(kept)
        except ValueError:
            return None


class Client(RedisCacheClient):
    """There is one server, so there is one client; it may be shared, and takes its connections from the pool."""

    @cached_property
    def _one(self) -> Any:  # noqa: ANN401  (the library's signature)
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:  # noqa: ANN401, ARG002  (as above)
        """The client, whatever for."""
        return self._one


class Cache(RedisCache):
    """The backend that settings name."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = Client
        options: dict[str, Any] = params.get("OPTIONS", {})
        self._options = options | {"serializer": Json()}

    def count(self, key: str, seconds: int, more: int = 1) -> int:
        """Count one (or so many) more at this key; how many there are since it began, at most ``seconds`` ago."""
        made = self.make_and_validate_key(key)
        with self._cache.get_client(made, write=True).pipeline() as both:
            both.set(made, 0, ex=seconds, nx=True)
            both.incr(made, more)
            return int(both.execute()[1])

    def seconds_left(self, key: str) -> int:
        """Seconds until this key is gone; at least one."""
        made = self.make_and_validate_key(key)
        return max(1, int(self._cache.get_client(made).ttl(made)))
