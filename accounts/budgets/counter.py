"""How often may something be asked for? Counted in the cache that all processes share, in fixed windows.

A window begins with the first count and nothing lengthens it, so whoever is refused can be told when it ends.
"""

from enum import StrEnum
from typing import cast

from django.core.cache import cache

from ciam_portal.core.cache import Cache
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany

shared = cast("Cache", cache)  # our backend


def count(what: str, who: str, *, seconds: int, more: int = 1) -> int:
    """Count one (or so many) more ``what`` by ``who`` (a pseudonym is kept); how many it makes within ``seconds``."""
    return shared.count(_key(what, who), seconds, more)


def made(what: str, who: str) -> int:
    """How many were counted in this window, without one more."""
    return int(shared.get(_key(what, who), 0))


def spend(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more; False once ``limit`` within ``seconds`` is exceeded."""
    return count(what, who, seconds=seconds) <= limit


def take(what: str, who: str, *, limit: int, seconds: int, reason: StrEnum) -> None:
    """Count one more. Raises TooMany, with the time until the window ends, once ``limit`` is exceeded."""
    if not spend(what, who, limit=limit, seconds=seconds):
        raise TooMany(reason, retry_after=wait(what, who))


def wait(what: str, who: str) -> int:
    """Seconds until this window ends and it may be asked for again; at least one."""
    return shared.seconds_left(_key(what, who))


def _key(what: str, who: str) -> str:
    return f"budget:{what}:{codes.pseudonym(who, what)}"
