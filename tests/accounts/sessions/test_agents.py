"""What a browser calls itself: cleaned and shortened before anything remembers it."""

import gc
from typing import Any

from accounts.sessions import agents
from tests.factories import FIREFOX


def remembered(length: int) -> list[Any]:
    """Texts longer than this that the caches of the module hold."""
    held = [
        found for cache in vars(agents).values() if hasattr(cache, "cache_info") for found in gc.get_referents(cache)
    ]
    keys = [key for each in held if isinstance(each, dict) for key in each]
    return [key for key in keys if isinstance(key, str) and len(key) > length]


def test_a_strangers_endless_agents_are_not_kept() -> None:
    for number in range(50):
        agents.families(f"{FIREFOX} {number}" + "x" * 100_000)
    assert remembered(512) == []
    assert remembered(100) != []  # the caches were looked into


def test_what_is_remembered_is_bounded() -> None:
    caches = [each for each in vars(agents).values() if hasattr(each, "cache_parameters")]
    assert [each.cache_parameters()["maxsize"] for each in caches] == [4096]


def test_what_differs_only_where_nobody_looks_is_one() -> None:
    assert agents.families(FIREFOX) == agents.families(FIREFOX + "\x00") == ("Firefox", "Linux")
    before = agents._families.cache_info().misses
    for number in range(50):
        assert agents.families(FIREFOX.ljust(512) + str(number)) == ("Firefox", "Linux")
    assert agents._families.cache_info().misses <= before + 1
