"""JSON from another service: of a bounded size, in bounded time, never from our own network (``core.fetch``)."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache

from accounts.upstream.verifier.outcome import Failed
from ciam_portal.core import fetch
from ciam_portal.core.crypto import codes

_LARGEST = 65_536
_KEPT_SECONDS = 600
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SAID = {"Accept": "application/json", "User-Agent": "identity-portal"}


def read(url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401  (JSON)
    """What stands there. Raises Failed."""
    return _json("GET", url, headers=headers or {})


def read_kept(url: str) -> Any:  # noqa: ANN401  (JSON)
    """The same, or what stood there some minutes ago. Raises Failed."""
    key = f"upstream:{codes.handle(url, 'upstream')}"
    kept = cache.get(key)
    if kept is None:
        kept = read(url)
        cache.set(key, kept, _KEPT_SECONDS)
    return kept


def send(url: str, form: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, Any]:
    """What a form is answered with. Raises Failed."""
    found = _json("POST", url, body=urlencode(form).encode(), headers=_FORM | (headers or {}))
    return found if isinstance(found, dict) else {}


def _json(method: str, url: str, *, headers: dict[str, str], body: bytes = b"") -> Any:  # noqa: ANN401  (JSON)
    try:
        found = fetch.ask(method, url, most=_LARGEST, body=body, headers=_SAID | headers)
        if found.status != 200:  # noqa: PLR2004  (an HTTP status)
            raise Failed(f"answered {found.status}")
        return json.loads(found.body)
    except fetch.Unreachable as error:
        raise Failed(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Failed("no JSON") from error
