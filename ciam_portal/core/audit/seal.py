"""The seal of a row: a keyed digest over all of its columns, made with the row, kept in it.

Whoever can write to the database but has none of ``settings.AUDIT_KEYS`` changes no sealed row unnoticed, not even one
rewritten consistently. A column that holds its default is left out, so that a release can add columns. Rows from before
there were seals were sealed by the migration, which their seal says: it vouches for them only since then. So a row
without a seal was never right. That rows are missing shows no seal.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import models

from ciam_portal.core.crypto.rings import name_of

_EXACT = Context(prec=800)  # more digits than any float or integer has that the database gives back
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
    return f"{label}:{name_of(key)}:{_digest(row, label, key)}"


def check(row: Any) -> Seal:  # noqa: ANN401  (any model with a seal)
    """What the seal of a stored row says."""
    label, _, rest = str(row.seal).partition(":")
    name, _, digest = rest.partition(":")
    if label not in {MADE_WITH_IT, MADE_LATER}:
        return Seal.BROKEN
    key = next((key for key in settings.AUDIT_KEYS if name_of(key) == name), None)
    if key is None:
        return Seal.KEY_UNKNOWN
    if not hmac.compare_digest(_digest(row, label, key).encode(), digest.encode()):
        return Seal.BROKEN
    return Seal.INTACT if label == MADE_WITH_IT else Seal.INTACT_SINCE_UPGRADE


def _digest(row: models.Model, label: str, key: bytes) -> str:
    options = row._meta  # noqa: SLF001  (Django's documented way to a model's columns)
    columns = {field.attname: field.to_python(getattr(row, field.attname)) for field in options.local_concrete_fields}
    said = {
        field.attname: _plain(columns[field.attname])
        for field in options.local_concrete_fields
        if field.attname != "seal" and (field.primary_key or columns[field.attname] != _default(field))
    }
    text = json.dumps([label, options.db_table, said], sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, b"audit row\x00" + text.encode(), hashlib.sha256).hex()


def _default(field: Any) -> Any:  # noqa: ANN401  (any column)
    return None if field.null else field.get_default()


def _plain(value: Any) -> Any:  # noqa: ANN401  (a column's value in, JSON out)
    """The same text before a row is written and after it was read: the database keeps numbers, not how they looked."""
    match value:
        case None | bool():
            return value
        case int() | float():
            number = Decimal(repr(value)) if isinstance(value, float) else Decimal(int(value))
            return f"n{number.normalize(_EXACT)}" if number else "n0"
        case datetime():
            return f"t{value.astimezone(UTC).isoformat(timespec='microseconds')}"
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return f"s{value.value if isinstance(value, StrEnum) else value}"
