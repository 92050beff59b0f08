"""How often may something be asked for? Counted in the cache that all processes share, in fixed windows.

A window begins with the first count and nothing lengthens it, so whoever is refused can be told when it ends.
"""

from enum import StrEnum
from functools import cache as once
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache

from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany


def count(what: str, who: str, *, seconds: int) -> int:
    """Count one more ``what`` by ``who`` (kept as a pseudonym); how many it makes within ``seconds``."""
    key = _key(what, who)
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.add(key, 1, timeout=seconds)
        return 1


def made(what: str, who: str) -> int:
    """How many were counted in this window, without one more."""
    return int(cache.get(_key(what, who), 0))


def spend(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more; False once ``limit`` within ``seconds`` is exceeded."""
    return count(what, who, seconds=seconds) <= limit


def take(what: str, who: str, *, limit: int, seconds: int, reason: StrEnum) -> None:
    """Count one more. Raises TooMany, with the time until the window ends, once ``limit`` is exceeded."""
    if not spend(what, who, limit=limit, seconds=seconds):
        raise TooMany(reason, retry_after=wait(what, who))


def wait(what: str, who: str) -> int:
    """Seconds until this window ends and it may be asked for again; at least one."""
    return seconds_left(_key(what, who))


def seconds_left(key: str) -> int:
    """Seconds until this entry of the cache is gone; at least one."""
    return max(1, int(_client().ttl(cache.make_key(key))))


def _key(what: str, who: str) -> str:
    return f"budget:{what}:{codes.pseudonym(who, what)}"


@once
def _client() -> Any:  # noqa: ANN401  (the client answers like a future or a value; here always a value)
    return redis.Redis.from_url(settings.CACHES["default"]["LOCATION"], **settings.CACHES["default"]["OPTIONS"])
