"""How often may something be asked for? Counted in the cache that all processes share, in fixed windows."""

from django.core.cache import cache

from ciam_portal import codes


def count(what: str, who: str, *, seconds: int) -> int:
    """Count one more ``what`` by ``who`` (kept as a pseudonym); how many it makes within ``seconds``."""
    key = f"budget:{what}:{codes.pseudonym(who, what)}"
    if cache.add(key, 1, timeout=seconds):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two calls
        cache.add(key, 1, timeout=seconds)
        return 1


def spend(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more; False once ``limit`` within ``seconds`` is exceeded."""
    return count(what, who, seconds=seconds) <= limit
