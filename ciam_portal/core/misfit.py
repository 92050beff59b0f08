"""What does not fit a model of pydantic, said in sentences that begin with the key."""

import re

from pydantic_core import ErrorDetails

_UNKNOWN = "is not known"
_PLAIN = {"missing": "is missing", "extra_forbidden": _UNKNOWN, "unexpected_keyword_argument": _UNKNOWN}
_TABLES = {"dict_type", "dataclass_type"}


def sentence(error: ErrorDetails, *, whole: str, table: str) -> str:
    """One sentence, without the value. ``whole`` names what has no key; ``table`` is the word for named values."""
    key = ".".join(str(part) for part in error["loc"] if part != "[key]") or whole
    plain = f"must be {table}" if error["type"] in _TABLES else _PLAIN.get(error["type"])
    return f"{key} {plain or re.sub(r'^[A-Z][a-z]+ should', 'must', error['msg']).replace(' after validation', '')}."
