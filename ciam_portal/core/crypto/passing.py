"""Keys that pass: a random one for each minute. The cache knows it for three, a process until it asks for later ones.

What is sealed beside one opens to nobody later, whatever is found then in rows, backups and logs of the database.
"""

import os
from datetime import datetime

from django.core.cache import cache

_MINUTE, _LIVES_SECONDS = 60, 180
_known: dict[int, str] = {}


def key(at: datetime) -> str:
    """The key of this minute. Of one that is over, or that the cache has lost, not the one that was."""
    minute = int(at.timestamp()) // _MINUTE
    known = _known.get(minute)
    if known is None:
        place, new = f"passing:{minute}", os.urandom(32).hex()
        cache.add(place, new, _LIVES_SECONDS)
        known = cache.get(place) or new
        for over in [each for each in _known if each < minute - 1]:
            _known.pop(over, None)
        _known[minute] = known
    return known
