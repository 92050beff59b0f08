"""Which tables stand in the tree, and what of a row is hashed.

``@sealed`` over a model is all it takes to join: its rows must only ever be added, and have an ``id`` (a UUID) and an
``at``. Migrating gives its table a trigger, which keeps in the row's own transaction that it waits (``Waiting``), so
that no row is left out, however late its transaction commits; and every row that was there before waits, too.

A leaf is the canonical JSON (RFC 8785) of the table's name and of all columns that are not null, each as a text: of
JSON columns the very text that the database has, of arrays the JSON of their texts. A release may add columns that are
null in the rows from before.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db.models import JSONField, Model, UUIDField

from ciam_portal.core import strictjson
from ciam_portal.core.audit.seal import MADE_LATER, Seal, check_values
from ciam_portal.core.postgres import prepared

Row = TypeVar("Row", bound=type[Model])


# Rows are found in their months by their time.
_ROWS = """
SELECT {columns}, id FROM unnest(%s::uuid[], %s::timestamptz[]) AS wanted (id, at) JOIN {table} AS a_row USING (id, at)
"""


class Located(Protocol):
    """Names a row: which one, and of what time."""

    @property
    def row(self) -> UUID: ...  # noqa: D102  (its id)

    @property
    def at(self) -> datetime: ...  # noqa: D102  (its time)


@dataclass(frozen=True)
class Table:
    """One of them."""

    model: type[Model]

    @cached_property
    def name(self) -> str:
        """What it is called in the database."""
        return self.model._meta.db_table  # noqa: SLF001  (Django's documented way to it)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All of its columns."""
        return tuple(str(field.column) for field in self.model._meta.local_concrete_fields)  # noqa: SLF001  (as above)

    def read(self, rows: Sequence["Located"]) -> dict[UUID, tuple[Any, ...]]:
        """The values of all columns of these rows, ids as texts, by id; nothing of those that are not there."""
        if not rows:
            return {}
        # As two texts: written so, a list of thousands is sent much sooner.
        wanted = [",".join(str(each.row) for each in rows), ",".join(each.at.isoformat() for each in rows)]
        with prepared.connection.prepared(self._statement, [f"{{{each}}}" for each in wanted]) as cursor:
            return {values[-1]: values[:-1] for values in cursor.fetchall()}

    @cached_property
    def _statement(self) -> str:
        fields = self.model._meta.local_concrete_fields  # noqa: SLF001  (as above)
        columns = ", ".join(
            f'a_row."{each.column}"{"::text" if isinstance(each, UUIDField) else ""}' for each in fields
        )
        return _ROWS.format(columns=columns, table=self.name)

    def seal(self, values: Sequence[Any]) -> Seal | None:
        """What the seal of a row with these values says; nothing if rows of this table have none."""
        if self._seal is None:
            return None
        said = dict(zip(self.columns, values, strict=True))
        for name in self._jsons:
            said[name] = None if said[name] is None else json.loads(said[name])
        return check_values(self.model, said)

    def seal_of(self, values: Sequence[Any]) -> str:
        """What an unbroken seal of such a row says, without working it out; that it is whole, if it has none."""
        late = self._seal is not None and values[self._seal].startswith(f"{MADE_LATER}:")
        return Seal.INTACT_SINCE_UPGRADE.value if late else Seal.INTACT.value

    @cached_property
    def _seal(self) -> int | None:
        return self.columns.index("seal") if "seal" in self.columns else None

    @cached_property
    def _jsons(self) -> tuple[str, ...]:
        fields = self.model._meta.local_concrete_fields  # noqa: SLF001  (as above)
        return tuple(str(field.column) for field in fields if isinstance(field, JSONField))

    def entry(self, values: Sequence[Any]) -> bytes:
        """What is hashed of a row with these values of its columns, as the database gives them."""
        said = {name: _text(value) for name, value in zip(self.columns, values, strict=True) if value is not None}
        return strictjson.canonical([self.name, said]).encode()


_tables: dict[str, Table] = {}


def sealed(model: Row) -> Row:
    """The rows of this model stand in the tree."""
    table = Table(model)
    _tables[table.name] = table
    return model


def tables() -> dict[str, Table]:
    """All of them, by name."""
    return _tables


def _as_it_is(value: Any) -> str:  # noqa: ANN401  (a text)
    return str(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _as_it_is, UUID: str, datetime: _instant, date: date.isoformat, bool: lambda value: "ft"[value], int: str,
    float: repr, bytes: bytes.hex, memoryview: lambda value: bytes(value).hex(),
    list: lambda value: strictjson.canonical([None if each is None else _text(each) for each in value]),
}  # fmt: skip


def _text(value: Any) -> str:  # noqa: ANN401  (any column's)
    return _TEXTS[type(value)](value)
