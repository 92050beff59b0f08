"""Facts as plain JSON, and back again: what a stored decision was asked about, so that it can be asked once more."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, get_type_hints
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

_reader = cache(TypeAdapter[Any])  # a replay asks for the same few kinds a million times
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")


class CannotRebuild(Exception):
    """Stored facts no longer fit the question: it has another form today. Says where."""


def as_json(value: Any) -> Any:  # noqa: ANN401  (one of the safe types in, JSON out)
    """Facts and what events hold as plain JSON: ids and instants as text, enums by value, dataclasses by field.

    Raises ValueError for text that is no code of ours, so that nothing personal is stored.
    """
    match value:
        case Enum():  # first: a StrEnum is text as well, an IntEnum a number
            return value.value
        case None | bool() | int() | float():
            return value
        case UUID() | datetime():
            return value.isoformat() if isinstance(value, datetime) else str(value)
        case tuple() | list() | frozenset() | set():
            parts = [as_json(part) for part in value]
            return parts if isinstance(value, (tuple, list)) else sorted(parts)
        case str() if _CODE.fullmatch(value):
            return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_json(getattr(value, item.name)) for item in dataclasses.fields(value)}
    message = f"{type(value).__name__} is not a code, id, count or instant"
    raise ValueError(message)


def of_question(question: Callable[..., object], stored: list[Any]) -> list[Any]:
    """The arguments a question was asked with, from what ``as_json`` made of them. Raises CannotRebuild."""
    kinds = _facts_of(question)
    if len(kinds) != len(stored):
        raise CannotRebuild(f"{question.__name__} takes {len(kinds)} facts, {len(stored)} are stored.")
    return [rebuild(kind, value, name) for (name, kind), value in zip(kinds.items(), stored, strict=True)]


def rebuild(kind: Any, value: Any, where: str = "") -> Any:  # noqa: ANN401  (any type in, one of it out)
    """One fact of type ``kind`` from its JSON. What was not known yet when it was stored keeps its default.

    Raises CannotRebuild.
    """
    try:
        return _reader(kind).validate_json(json.dumps(value), strict=True, extra="forbid")
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise CannotRebuild(f"{'.'.join(map(str, (where, *wrong['loc'])))}: {wrong['type']}") from error


@cache
def _facts_of(question: Callable[..., object]) -> dict[str, Any]:
    return {name: kind for name, kind in get_type_hints(question).items() if name not in {"limits", "at", "return"}}
