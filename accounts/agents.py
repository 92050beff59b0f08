"""The only speaker of ua-parser: a browser's and an operating system's family, never the whole string."""

from functools import lru_cache

from ua_parser import parse

_LONGEST = 512
UNKNOWN = "Unknown"


@lru_cache(maxsize=4096)
def families(user_agent: str) -> tuple[str, str]:
    """Browser and system family, such as ("Firefox", "Linux"). Anything odd is "Unknown"."""
    found = parse("".join(letter for letter in user_agent[:_LONGEST] if letter.isprintable()))
    browser = found.user_agent.family if found.user_agent else UNKNOWN
    system = found.os.family if found.os else UNKNOWN
    return browser[:40], system[:40]
