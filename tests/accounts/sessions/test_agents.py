"""What a browser calls itself: cleaned and shortened before anything remembers it."""

import gc
from typing import Any

import pytest
from django.test import RequestFactory

from accounts.factors.views.passkeys import name_of
from accounts.sessions import agents
from ciam_portal.core.words import agent
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


@pytest.mark.parametrize(
    ("families", "said"),
    [
        (("HeadlessChrome", "Linux"), "Chrome on Linux"),
        (("Chrome Mobile iOS", "iOS"), "Chrome on iOS"),
        (("Chrome Mobile WebView", "Android"), "Chrome on Android"),
        (("Mobile Safari UI/WKWebView", "iOS"), "Safari on iOS"),
        (("Safari", "Mac OS X"), "Safari on macOS"),
        (("Edge Mobile", "Android"), "Edge on Android"),
        (("Android", "Android"), "Android on Android"),
        (("Unknown", "Unknown"), "Unknown on Unknown"),
    ],
)
def test_browsers_are_called_as_people_call_them(families: tuple[str, str], said: str) -> None:
    assert str(agent(*families)) == said


def test_a_passkey_gets_a_name_that_no_other_has() -> None:
    headless = FIREFOX.replace("Firefox", "HeadlessChrome")
    request = RequestFactory().get("/", headers={"user-agent": headless})
    assert name_of(request) == "Chrome on Linux"
    assert name_of(request, {"Chrome on Linux", "Chrome on Linux 2"}) == "Chrome on Linux 3"
    assert name_of(RequestFactory().get("/")) == "My passkey"
