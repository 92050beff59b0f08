"""The base of every app's events: frozen dataclasses of ids, codes, counts and instants; nothing personal fits in."""

import re
import types
import typing
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, NewType
from uuid import UUID

Code = NewType("Code", str)  # a short stable word of ours, such as a scope or a reason; checked when recorded

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")
_SAFE = (UUID, bool, int, float, datetime)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened. Subclasses set ``name`` ("consent.withdrawn") and declare safe fields only."""

    name: ClassVar[str] = ""
    sourced: ClassVar[bool] = False  # whether it is kept where it came from: what failed, and what was refused

    @property
    def keeps_source(self) -> bool:
        """The same, for an event that fails or succeeds."""
        return self.sourced

    @classmethod
    def check(cls) -> None:
        """Raises TypeError if a field could carry free text or an address. Asked at each use."""
        hints = typing.get_type_hints(cls)
        for item in fields(cls):
            if not _is_safe(hints[item.name]):
                message = f"{cls.__name__}.{item.name}: {hints[item.name]} may not be recorded"
                raise TypeError(message)

    def data(self) -> dict[str, Any]:
        """The fields as plain JSON. Raises TypeError or ValueError if something unsafe is in them."""
        self.check()
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}


def _is_safe(hint: Any) -> bool:  # noqa: ANN401  (any annotation)
    if hint is Code or hint is type(None):
        return True
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return all(_is_safe(part) for part in typing.get_args(hint))
    if origin is tuple:
        return all(part is Ellipsis or _is_safe(part) for part in typing.get_args(hint))
    return isinstance(hint, type) and issubclass(hint, (*_SAFE, Enum))


def plain(value: Any) -> Any:  # noqa: ANN401  (one of the safe types in, JSON out)
    """A safe value as JSON: ids and instants as text, enums by value, tuples as lists. Raises ValueError for text."""
    match value:
        case Enum():  # first: a StrEnum is text as well, an IntEnum a number
            return value.value
        case None | bool() | int() | float():
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case tuple() | list() | frozenset() | set():
            parts = [plain(part) for part in value]
            return sorted(parts) if isinstance(value, (frozenset, set)) else parts
        case str() if _CODE.fullmatch(value):
            return value
    message = f"{type(value).__name__} is not a code, id, count or instant"
    raise ValueError(message)
