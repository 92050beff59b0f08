"""How often may something be asked for? Counted in the cache that all processes share, in fixed windows."""

from django.core.cache import cache

from ciam_portal import codes


def spend(what: str, who: str, *, limit: int, seconds: int) -> bool:
    """Count one more ``what`` by ``who`` (kept as a pseudonym); False once ``limit`` within ``seconds`` is exceeded."""
    key = f"budget:{what}:{codes.pseudonym(who, what)}"
    if cache.add(key, 1, timeout=seconds):
        return True
    try:
        return int(cache.incr(key)) <= limit
    except ValueError:  # the window ended between the two calls
        return cache.add(key, 1, timeout=seconds)
