"""The parts of which our OpenAPI documents are made."""

from collections.abc import Callable
from typing import Any

from ciam_portal.core.themes import Joined

Part = tuple[dict[str, Any], dict[str, Any]]
PARTS = Joined[Callable[[], Part]]()
"""Of the portal's own document: what themes' ``described`` say of their paths, and of the schemas that these name."""
TEXT = {"type": "string"}


def an_object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of just these members."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def a_list(item: dict[str, Any], most: int | None = None) -> dict[str, Any]:
    """A list of these."""
    return {"type": "array", "items": item} | ({} if most is None else {"maxItems": most})


def ref(name: str) -> dict[str, str]:
    """A schema, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(words: str, schema: str, *headers: str) -> dict[str, Any]:
    """An answer in JSON, with these headers."""
    known: dict[str, Any] = {"description": words, "content": {"application/json": {"schema": ref(schema)}}}
    return known | ({"headers": {name: {"schema": TEXT, "required": True} for name in headers}} if headers else {})
