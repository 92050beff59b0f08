"""A service that does not answer: the database, or the cache that all processes share."""

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

AWAY = (OperationalError, InterfaceError, RedisError)


def said(error: Exception) -> str:
    """What the library says of it, on one line."""
    return next(iter(str(error).splitlines()), type(error).__name__)
