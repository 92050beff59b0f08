"""Django's cache in Redis with one client for all calls: the library makes a new one for each."""

from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient


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
