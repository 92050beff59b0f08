"""The seal of a row: a keyed digest over all of its columns, made with the row, kept in it.

Whoever can write to the database but has none of ``settings.AUDIT_KEYS`` changes no sealed row unnoticed, not even one
rewritten consistently. A column that holds its default is left out, so that a release can add columns. Rows from before
there were seals were sealed by the migration, which their seal says: it vouches for them only since then. So a row
without a seal was never right. That rows are missing shows no seal.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from ciam_portal.core.crypto.rings import name_of

_EXACT = Context(prec=800)  # more digits than any float or integer has that the database gives back
_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
MADE_WITH_IT, MADE_LATER = "v1", "v1-late"


class Seal(StrEnum):
    """What the seal of a row says."""

    INTACT = "intact"
    INTACT_SINCE_UPGRADE = "intact since the upgrade that sealed it"
    BROKEN = "broken: the row is not as it was written"
    KEY_UNKNOWN = "made with a key that is not among AUDIT_KEYS"

    @property
    def holds(self) -> bool:
        """Whether the row is as it was sealed."""
        return self in {Seal.INTACT, Seal.INTACT_SINCE_UPGRADE}


def made(row: models.Model, label: str = MADE_WITH_IT) -> str:
    """The seal of a row as it stands: how it was made, the key's name and the digest."""
    key = settings.AUDIT_KEYS[0]
    return f"{label}:{name_of(key)}:{_digest(type(row), _values(row), label, key)}"


def check(row: Any) -> Seal:  # noqa: ANN401  (any model with a seal)
    """What the seal of a stored row says."""
    return check_values(type(row), _values(row))


def check_values(model: type[models.Model], values: Mapping[str, Any]) -> Seal:
    """The same, of a row as the database gave it, by column."""
    label, _, rest = str(values["seal"]).partition(":")
    name, _, digest = rest.partition(":")
    if label not in {MADE_WITH_IT, MADE_LATER}:
        return Seal.BROKEN
    key = next((key for key in settings.AUDIT_KEYS if name_of(key) == name), None)
    if key is None:
        return Seal.KEY_UNKNOWN
    if not hmac.compare_digest(_digest(model, values, label, key).encode(), digest.encode()):
        return Seal.BROKEN
    return Seal.INTACT if label == MADE_WITH_IT else Seal.INTACT_SINCE_UPGRADE


def stamp(said: bytes) -> bytes:
    """A short seal, of what is no row with a column for one: the key's name, and a keyed digest."""
    return _stamp(settings.AUDIT_KEYS[0], said)


def is_stamped(said: bytes, made: bytes) -> bool | None:
    """Whether this was stamped so; None if the key is not among ours."""
    key = next((key for key in settings.AUDIT_KEYS if made.startswith(bytes.fromhex(name_of(key)))), None)
    return None if key is None else hmac.compare_digest(_stamp(key, said), made)


def _stamp(key: bytes, said: bytes) -> bytes:
    return bytes.fromhex(name_of(key)) + hmac.digest(key, b"audit leaf\x00" + said, hashlib.sha256)


def _values(row: Any) -> dict[str, Any]:  # noqa: ANN401  (as above)
    columns = row._meta.local_concrete_fields  # noqa: SLF001  (Django's documented way to a model's columns)
    return {field.attname: field.to_python(getattr(row, field.attname)) for field in columns}


def _digest(model: type[models.Model], values: Mapping[str, Any], label: str, key: bytes) -> str:
    table, columns = _columns(model)
    said = {name: _plain(values[name]) for name, is_key, default in columns if is_key or values[name] != default}
    return hmac.digest(key, b"audit row\x00" + _json([label, table, said]).encode(), hashlib.sha256).hex()


@cache
def _columns(model: type[models.Model]) -> tuple[str, tuple[tuple[str, bool, Any], ...]]:
    """The table, and what is sealed of it: each column, whether it is the key, and what it holds by default."""
    options = model._meta  # noqa: SLF001  (as above)
    found = [field for field in options.local_concrete_fields if field.attname != "seal"]
    return options.db_table, tuple(
        (field.attname, field.primary_key, None if field.null else field.get_default()) for field in found
    )


def _plain(value: Any) -> Any:  # noqa: ANN401  (a column's value in, JSON out)
    """The same text before a row is written and after it was read: the database keeps numbers, not how they looked."""
    known = _PLAIN.get(type(value))
    return known(value) if known else f"s{value.value if isinstance(value, StrEnum) else value}"


def _same(value: Any) -> Any:  # noqa: ANN401  (true, false or nothing)
    return value


def _text(value: object) -> str:
    return f"s{value}"


def _number(value: Any) -> str:  # noqa: ANN401  (an integer or a float)
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(int(value))
    return f"n{number.normalize(_EXACT)}" if value else "n0"


def _instant(value: datetime) -> str:
    return f"t{value.astimezone(UTC).isoformat(timespec='microseconds')}"


def _object(value: dict[str, Any]) -> dict[str, Any]:
    return {str(name): _plain(item) for name, item in value.items()}


def _list(value: Sequence[Any]) -> list[Any]:
    return [_plain(item) for item in value]


_PLAIN: dict[type, Callable[[Any], Any]] = {
    type(None): _same, bool: _same, str: _text, UUID: _text, int: _number, float: _number, datetime: _instant,
    dict: _object, list: _list, tuple: _list,
}  # fmt: skip
