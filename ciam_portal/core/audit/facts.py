"""Facts as plain JSON, and back again: what a stored decision was asked about, so that it can be asked once more."""

import dataclasses
import functools
import re
import types
import typing
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")
_hints = functools.cache(typing.get_type_hints)  # a replay asks for the same few kinds a million times


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
    hints = _hints(question)
    names = [name for name in hints if name not in {"limits", "at", "return"}]
    if len(names) != len(stored):
        raise CannotRebuild(f"{question.__name__} takes {len(names)} facts, {len(stored)} are stored.")
    return [rebuild(hints[name], value, name) for name, value in zip(names, stored, strict=True)]


def rebuild(kind: Any, value: Any, where: str = "") -> Any:  # noqa: ANN401  (any type in, one of it out)
    """One fact of type ``kind`` from its JSON. Raises CannotRebuild."""
    try:
        return _rebuild(kind, value, where)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CannotRebuild(f"{where}: {type(error).__name__}") from error


def _rebuild(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _of_union(parts, value, where)
    if origin is tuple:
        return _of_tuple(parts, value, where)
    if hasattr(kind, "__supertype__"):
        return _rebuild(kind.__supertype__, value, where)
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind, value, where)
    return _of_value(kind, value)


def _of_value(kind: Any, value: Any) -> Any:  # noqa: ANN401
    is_yes_or_no = isinstance(value, bool)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float and isinstance(value, (int, float)) and not is_yes_or_no:
        return float(value)
    if kind is UUID or issubclass(kind, Enum):
        return kind(value)
    if not isinstance(value, kind) or (kind is int and is_yes_or_no):
        raise TypeError(kind.__name__)
    return value


def _of_tuple(parts: tuple[Any, ...], value: Any, where: str) -> Any:  # noqa: ANN401
    if not isinstance(value, list):
        raise TypeError(where)
    kinds = [parts[0]] * len(value) if parts[1:] == (Ellipsis,) else parts
    return tuple(rebuild(part, item, where) for part, item in zip(kinds, value, strict=True))


def _of_dataclass(kind: Any, value: dict[str, Any], where: str) -> Any:  # noqa: ANN401
    known = {item.name for item in dataclasses.fields(kind)}
    if unknown := set(value) - known:
        raise CannotRebuild(f"{where}: {kind.__name__} has no {', '.join(sorted(unknown))} any more.")
    hints = _hints(kind)
    # What a fact did not know yet when it was stored keeps its default: not known.
    return kind(**{name: rebuild(hints[name], item, f"{where}.{name}") for name, item in value.items()})


def _of_union(kinds: tuple[Any, ...], value: Any, where: str) -> Any:  # noqa: ANN401
    for kind in kinds:
        if kind is not types.NoneType:
            try:
                return _rebuild(kind, value, where)
            except (CannotRebuild, TypeError, ValueError, AttributeError, KeyError):
                continue
    raise TypeError(where)
