"""What a request may look like: tables that both read it and describe it (as JSON Schema, in the OpenAPI document)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Malformed(ValueError):
    """The request cannot be read: a stable code, and one sentence for whoever writes the caller's program."""

    def __init__(self, code: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.code, self.words, self.status = code, words, status


@dataclass(frozen=True, slots=True)
class Text:
    """A string of 1 to ``longest`` printable characters, of this ``pattern`` and one of these ``choices``, if given."""

    words: str
    longest: int
    pattern: str = ""
    choices: tuple[str, ...] = ()

    def read(self, where: str, value: object) -> str:
        """The string. Raises Malformed."""
        if not isinstance(value, str):
            raise Malformed("invalid_type", f"{where} must be a string.")
        if not 0 < len(value) <= self.longest:
            raise Malformed("invalid_length", f"{where} must have 1 to {self.longest} characters.")
        if self.choices and value not in self.choices:
            raise Malformed("invalid_value", f"{where} must be one of {', '.join(self.choices)}.")
        if not value.isprintable() or (self.pattern and not re.fullmatch(self.pattern, value)):
            rule = f"match {self.pattern}" if self.pattern else "hold printable characters only"
            raise Malformed("invalid_value", f"{where} must {rule}.")
        return value

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        known: dict[str, Any] = {"type": "string", "description": self.words, "minLength": 1, "maxLength": self.longest}
        known |= {"pattern": f"^{self.pattern}$"} if self.pattern else {}
        return known | ({"enum": list(self.choices)} if self.choices else {})


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; neither 1.0 nor true nor "1" is one."""

    words: str
    least: int
    most: int

    def read(self, where: str, value: object) -> int:
        """The number. Raises Malformed."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise Malformed("invalid_type", f"{where} must be a whole number.")
        if not self.least <= value <= self.most:
            raise Malformed("out_of_range", f"{where} must be {self.least} to {self.most}.")
        return value

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        return {"type": "integer", "description": self.words, "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Table:
    """An object. ``together``: names of which either all or none are given. ``is_open``: others are ignored."""

    words: str
    parts: Mapping[str, "Part"]
    optional: frozenset[str] = field(default_factory=frozenset)
    together: tuple[str, ...] = ()
    is_open: bool = False

    def read(self, where: str, value: object) -> dict[str, Any]:
        """What is known of the object. Raises Malformed."""
        if not isinstance(value, dict):
            raise Malformed("invalid_type", f"{where or 'the body'} must be an object.")
        inside = f"{where}." if where else ""
        unknown = sorted(set(value) - set(self.parts))
        if unknown and not self.is_open:
            known = ", ".join(self.parts)
            raise Malformed("unknown_member", f"{where or 'the body'} has a member that is not known. Known: {known}.")
        for name in self.parts:
            if name not in value and name not in self.optional:
                raise Malformed("missing_member", f"{inside}{name} is missing.")
        if 0 < sum(name in value for name in self.together) < len(self.together):
            raise Malformed("missing_member", f"{' and '.join(self.together)} go together.")
        return {name: part.read(inside + name, value[name]) for name, part in self.parts.items() if name in value}

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        needed = [name for name in self.parts if name not in self.optional]
        known: dict[str, Any] = {
            "type": "object",
            "description": self.words,
            "properties": {name: part.schema() for name, part in self.parts.items()},
            "additionalProperties": self.is_open,
        }
        known |= {"required": needed} if needed else {}
        both = {name: [other for other in self.together if other != name] for name in self.together}
        return known | ({"dependentRequired": both} if both else {})


Part = Text | Whole | Table


def parse(body: bytes) -> Any:  # noqa: ANN401  (JSON)
    """JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, every name once. Raises Malformed."""
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("invalid_json", "The body is no JSON.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("duplicate_member", "A member is named twice.")
    return found


def _no_number(name: str) -> float:
    raise Malformed("invalid_json", f"{name} is no number of JSON.")
