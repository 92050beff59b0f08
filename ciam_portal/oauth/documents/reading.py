"""Fetching such a document, and the keys that it leads to; nothing else that it names is ever asked for."""

import re
from dataclasses import dataclass
from typing import Any

from ciam_portal.core import fetch, strictjson
from ciam_portal.core.policy import limits
from ciam_portal.oauth.documents import shapes
from ciam_portal.oauth.documents.shapes import Document, Unfit

_LARGEST, _LARGEST_KEYS = 5_120, 32_768  # bytes
_SHORTEST_MINUTES, _LONGEST_MINUTES = 5, 1440
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json\b", re.IGNORECASE)
_MAX_AGE = re.compile(r"\bmax-age=([0-9]{1,9})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """What was found, the keys that hold for it (public alone), and for how long it need not be asked for again."""

    document: Document
    keys: dict[str, Any] | None
    minutes: int


def read(url: str) -> Read:
    """Raises Unfit for what cannot be used, and Unreachable for what was not answered."""
    shapes.check_address(url, limits.current().unregistered_agents.hosts)
    found = fetch.read(url, most=_LARGEST)
    if not _JSON.match(found.headers.get("content-type", "")):
        raise Unfit("it is not served as JSON")
    document = shapes.read(url, found.body)
    keys = _published(document.jwks_uri) if document.jwks_uri else document.jwks
    return Read(document, keys, _minutes(found.headers.get("cache-control", "")))


def _published(url: str) -> dict[str, Any]:
    try:
        return shapes.usable_keys(strictjson.loads(fetch.get(url, most=_LARGEST_KEYS)))
    except strictjson.NoJSON as error:
        raise Unfit("jwks_uri leads to no key set") from error


def _minutes(control: str) -> int:
    said = _MAX_AGE.search(control)
    if said is None:
        return limits.current().unregistered_agents.fresh_minutes
    return min(max(int(said[1]) // 60, _SHORTEST_MINUTES), _LONGEST_MINUTES)
