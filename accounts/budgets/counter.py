"""How often may something be asked for? Counted in the cache that all processes share, in fixed windows.

A window begins with the first count and nothing lengthens it, so whoever is refused can be told when it ends.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import cast

from django.core.cache import cache

from ciam_portal.core.cache import Cache
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany

shared = cast("Cache", cache)  # our backend
_KEPT_SECONDS, _SHARE, _FINEST = 1.0, 0.1, 1000


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


@dataclass(slots=True)
class _Taken:
    left: list[None] = field(default_factory=list)
    size: int = 1
    at: float = 0.0

    def more(self, now: float, limit: int) -> int:
        """How many to take now: what was taken last is used up, or of long ago."""
        busy = self.size / max(now - self.at, _SHARE / limit)
        return max(1, min(int(busy * _SHARE), 2 * self.size, limit // _FINEST))


class Ahead:
    """The same for who comes a thousand times a second: this process counts a tenth of a second's worth ahead.

    What it holds is forgotten after a second and stays counted: a thousandth of the limit at most. Of a limit below
    2000, each is counted when it comes.
    """

    def __init__(self, what: str, *, seconds: int) -> None:
        self._what, self._seconds, self._taken = what, seconds, dict[str, _Taken]()

    def spend(self, who: str, *, limit: int) -> bool:
        """Count one more; False once ``limit`` is exceeded."""
        mine, now = self._taken.setdefault(who, _Taken()), monotonic()
        try:
            if now - mine.at < _KEPT_SECONDS:
                mine.left.pop()
                return True
        except IndexError:
            pass
        else:
            mine.left.clear()
        size = mine.more(now, limit)
        if count(self._what, who, seconds=self._seconds, more=size) > limit:
            return False
        mine.size, mine.at = size, now
        mine.left.extend([None] * (size - 1))
        return True


def _key(what: str, who: str) -> str:
    return f"budget:{what}:{codes.pseudonym(who, what)}"
