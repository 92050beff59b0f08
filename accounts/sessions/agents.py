"""The only speaker of ua-parser: a browser's and an operating system's family, never the whole string."""

from functools import lru_cache

from django.http import HttpRequest
from ua_parser import parse

from ciam_portal.core.words import APP, UNKNOWN

_LONGEST = 512
_ABSURD = 1024  # no browser's own string is longer
_PHONES = frozenset({"Android", "iOS", "KaiOS", "Windows Phone"})


def of(request: HttpRequest) -> tuple[str, str]:
    """The families of what sent this request: of the business's own app, APP and its system."""
    family, system = families(request.headers.get("User-Agent", ""))
    return (APP if getattr(request, "app_key", "") else family), system


def families(user_agent: str) -> tuple[str, str]:
    """Browser and system family, such as ("Firefox", "Linux"). Anything odd is UNKNOWN."""
    return _families(plain(user_agent))  # what is remembered is short, however much a stranger sends


@lru_cache(maxsize=4096)
def _families(cleaned: str) -> tuple[str, str]:
    found = parse(cleaned)
    browser = found.user_agent.family if found.user_agent else UNKNOWN
    system = found.os.family if found.os else UNKNOWN
    return browser[:40], system[:40]


def kind_of(user_agent: str) -> str:
    """What sort of device: phone or computer; "" if that cannot be said."""
    return kind(families(user_agent)[1])


def kind(system: str) -> str:
    """The same, of a device with this system."""
    if system == UNKNOWN:
        return ""
    return "mobile" if system in _PHONES else "desktop"


def plain(user_agent: str) -> str:
    """As much of it as is worth looking at, without control characters."""
    return "".join(letter for letter in user_agent[:_LONGEST] if letter.isprintable())


def is_absurd(user_agent: str) -> bool:
    """Whether no browser would call itself this: endless, or with control characters."""
    return len(user_agent) > _ABSURD or not user_agent[:_ABSURD].isprintable()
