"""JSON as RFC 8259 has it, and nothing that two readers could read in two ways."""

import json
from typing import Any

canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""What is made of objects, lists and texts, written in the one way there is (RFC 8785): digests are made of it."""


class NoJSON(ValueError):
    """It is none; says what is wrong in one sentence."""


class Duplicate(NoJSON):
    """A member is named twice."""


def loads(text: str | bytes) -> Any:  # noqa: ANN401  (JSON)
    """What it says: UTF-8, no NaN or Infinity, every name once. Raises NoJSON."""
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except NoJSON:
        raise
    except (ValueError, RecursionError):
        raise NoJSON("The body is no JSON.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Duplicate("A member is named twice.")
    return found


def _no_number(name: str) -> float:
    raise NoJSON(f"{name} is no number of JSON.")
