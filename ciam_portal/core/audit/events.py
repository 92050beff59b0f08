"""The base of every app's events: frozen dataclasses of ids, codes, counts and instants; nothing personal fits in."""

import types
import typing
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, NewType
from uuid import UUID

from ciam_portal.core.audit.facts import as_json

Code = NewType("Code", str)  # a short stable word of ours, such as a scope or a reason; checked when recorded

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
        return {item.name: as_json(getattr(self, item.name)) for item in fields(self)}


def _is_safe(hint: Any) -> bool:  # noqa: ANN401  (any annotation)
    if hint is Code or hint is type(None):
        return True
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return all(_is_safe(part) for part in typing.get_args(hint))
    if origin is tuple:
        return all(part is Ellipsis or _is_safe(part) for part in typing.get_args(hint))
    return isinstance(hint, type) and issubclass(hint, (*_SAFE, Enum))
