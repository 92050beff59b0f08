"""What partners send as JSON, read strictly and within bounds; what cannot be read is said in one sentence."""

from typing import Any, TypeVar

from django.http import HttpRequest
from pydantic import TypeAdapter, ValidationError

from ciam_portal.core import misfit, strictjson

T = TypeVar("T")
LARGEST = 16_384  # bytes, where nobody says otherwise
_CODES = {
    "missing": "missing_member",
    "alone": "missing_member",
    "extra_forbidden": "unknown_member",
    "string_too_short": "invalid_length",
    "string_too_long": "invalid_length",
    "too_long": "invalid_length",
    "too_short": "invalid_length",
    "duplicate": "duplicate_value",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}


class Malformed(ValueError):
    """The request cannot be read: a stable code, and one sentence for whoever writes the caller's program."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.code, self.words, self.status = code, words, status


def read(form: TypeAdapter[T], body: object) -> T:
    """What a body says. Raises Malformed."""
    try:
        return form.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        code = "invalid_type" if first["type"].endswith("_type") else _CODES.get(first["type"], "invalid_value")
        raise Malformed(code, misfit.sentence(first, whole="the body", table="an object")) from None


def parse(body: bytes) -> Any:  # noqa: ANN401  (JSON)
    """JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, every name once. Raises Malformed."""
    try:
        return strictjson.loads(body)
    except strictjson.NoJSON as error:
        code = "duplicate_member" if isinstance(error, strictjson.Duplicate) else "invalid_json"
        raise Malformed(code, str(error)) from None


def body(request: HttpRequest, most: int = LARGEST) -> bytes:
    """What was sent as JSON, within bounds. Raises Malformed."""
    if request.content_type != "application/json":
        raise Malformed("unsupported_media_type", "Send application/json.", 415)
    found = request.read(most + 1)
    if len(found) > most:
        raise Malformed("body_too_large", f"No more than {most} bytes.", 413)
    return found
