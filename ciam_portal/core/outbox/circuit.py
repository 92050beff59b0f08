"""A carrier that cannot be reached is left alone: after some failures in a row, only now and then one message tries it.

Counted in the cache that all workers share. Without it every message tries.
"""

from django.core.cache import cache
from redis.exceptions import RedisError

from ciam_portal.core.policy import limits

_FORGOTTEN_SECONDS = 3600  # failures so far apart are not "in a row"


def is_open(carrier: str) -> bool:
    """Whether it failed too often in a row to be tried by everybody."""
    try:
        return int(cache.get(_failures(carrier), 0)) >= limits.current().notices.circuit_failures
    except RedisError:
        return False


def may_try(carrier: str) -> bool:
    """Whether this message may try it. While the circuit is open, one may in each ``circuit_seconds``."""
    if not is_open(carrier):
        return True
    try:
        return bool(cache.add(f"carrier-tried:{carrier}", 1, limits.current().notices.circuit_seconds))
    except RedisError:
        return True


def failed(carrier: str) -> None:
    """It could not be reached, or hung."""
    try:
        if not cache.add(_failures(carrier), 1, _FORGOTTEN_SECONDS):
            cache.incr(_failures(carrier))
            cache.touch(_failures(carrier), _FORGOTTEN_SECONDS)
    except (RedisError, ValueError):  # ValueError: forgotten between the two calls
        return


def answered(carrier: str) -> None:
    """It is there, whatever it said."""
    try:
        cache.delete(_failures(carrier))
    except RedisError:
        return


def _failures(carrier: str) -> str:
    return f"carrier-failures:{carrier}"
