"""A queryset that is put into SQL once, and that each connection's server plans once, however often it is asked.

For the few reads that every request of a machine makes: there Django takes many times as long to write the statement
as the server to answer it. What it means stays a queryset, and its rows are the same models with their relations.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as django_connection
from django.db.models import Model, QuerySet, Value
from django.db.models.base import ModelState
from django.db.models.expressions import Col, RawSQL
from django.db.models.functions import JSONObject

from ciam_portal.core import grounds

if TYPE_CHECKING:
    from ciam_portal.core.postgres.base import DatabaseWrapper

M = TypeVar("M", bound=Model)
connection = cast("DatabaseWrapper", django_connection)  # our engine
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_OWN = frozenset({Col, Value, JSONObject})  # what tells of a row no more than it holds
_LENGTH = re.compile(r"\(.*?\)")
_STANDS_FOR: dict[type, Callable[[int], Any]] = {
    str: "\ue000{}".format,
    UUID: lambda number: UUID(int=number + 1),
    datetime: lambda number: _FIRST + timedelta(microseconds=number + 1),
}


class _Table(NamedTuple):
    """Where the columns of one model stand in a row, and what hangs from it."""

    model: type[Model]
    columns: tuple[tuple[int, str], ...]
    key: int
    attach: Callable[[Any, Any], None] | None
    related: "tuple[_Table, ...]"

    def read(self, row: Sequence[Any]) -> Any:  # noqa: ANN401  (a model, or None where an outer join found nothing)
        if row[self.key] is None:
            return None
        made = self.model.__new__(self.model)
        made._state = state = ModelState()  # noqa: SLF001  (what Django does in __init__, which is slow)
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        held = made.__dict__
        for place, name in self.columns:
            held[name] = row[place]
        for each in self.related:
            each.attach(made, each.read(row))  # type: ignore[misc]  # only the first has none
        return made


class _Asked(NamedTuple):
    """A statement, and where each of its values comes from: the place of one that is given, or what it is always."""

    statement: str
    values: tuple[tuple[int | None, Any], ...]

    def of(self, values: Sequence[Any]) -> "Part":
        return self.statement, [always if place is None else values[place] for place, always in self.values]


class _Compiled(NamedTuple):
    """A statement, and how its rows become models.

    ``noted``: the same, and last what ``stands`` asks for alone: which versions of the rows it found.
    """

    statement: _Asked
    noted: _Asked
    stands: _Asked
    conversions: tuple[tuple[int, Any, Any], ...]
    table: _Table
    annotations: tuple[tuple[str, int], ...]


class Prepared(Generic[M]):
    """``rows`` makes the queryset from texts, ids and instants, which it must use as they are.

    What it defers is read when it is first asked for, as of any queryset.
    """

    def __init__(self, rows: Callable[..., QuerySet[M]]) -> None:
        self._rows = rows
        self._known: _Compiled | None = None

    def first(self, *values: str | UUID | datetime) -> M | None:
        """The one row that there is for these values."""
        known, noting = self._known or self._compiled(values), grounds.noting.get()
        asked = known.statement if noting is None else known.noted
        with connection.prepared(*asked.of(values)) as cursor:
            row = cursor.fetchone()
        if row is None:
            return None
        if noting is not None:
            noting.reads.append((*known.stands.of(values), row[-1]))
        if known.conversions:
            row = list(row)
            for place, convert, expression in known.conversions:
                row[place] = convert(row[place], expression, connection)
        found: M = known.table.read(row)
        found.__dict__.update((name, row[place]) for name, place in known.annotations)
        return found

    def _compiled(self, values: Sequence[Any]) -> _Compiled:
        marks = [next(make for kind, make in _STANDS_FOR.items() if isinstance(each, kind))(number)
                 for number, each in enumerate(values)]  # fmt: skip
        compiler = self._rows(*marks).query.get_compiler(connection=connection)
        statement, found = compiler.as_sql()
        if not all(mark in found for mark in marks):
            message = "a prepared statement uses its values as they are"
            raise TypeError(message)
        whole, noted, stands = (
            _Asked(said, tuple((marks.index(each), None) if each in marks else (None, each) for each in own))
            for said, own in ((statement, found), *_versioned(compiler, statement, found))
        )
        self._known = _Compiled(
            whole,
            noted,
            stands,
            tuple(
                (place, convert, expression)
                for place, (converts, expression) in compiler.get_converters(
                    [each for each, *_ in compiler.select]
                ).items()
                for convert in converts
            ),
            _table(compiler.klass_info, compiler.select),
            tuple((compiler.annotation_col_map or {}).items()),
        )
        return self._known


def versions(*tables: str, more: Iterable[str] = ()) -> str:
    """What says which version of a row of each of these was found, and ``more``, as one value.

    Each change of a row makes another version of it, by another transaction (``xmin``) or elsewhere (``ctid``;
    PostgreSQL 5.6). To look at these takes half as long as to put all columns into words.
    """
    return f"ROW({', '.join([*(f'{table}.xmin, {table}.ctid' for table in tables), *more])})"


def _versioned(compiler: Any, statement: str, values: Sequence[Any]) -> tuple["Part", "Part"]:  # noqa: ANN401  (Django's own)
    """The same, and last which versions of rows it found, with what is computed; and these alone."""
    select = compiler.select
    columns = [f"{sql} AS {connection.ops.quote_name(name)}" if name else sql for _, (sql, _given), name in select]
    begins = f"SELECT {', '.join(columns)}"
    if not statement.startswith(begins):
        message = "a prepared statement begins with its columns"
        raise TypeError(message)
    rest, first = statement.removeprefix(begins), [value for _, (_sql, given), _name in select for value in given]
    tables = dict.fromkeys(sql.rpartition(".")[0] for _, (sql, _given), name in select if not name)
    computed = [compiler.compile(_which(each)) for each, _compiled, name in select if name]
    row = f"{versions(*tables, more=[sql for sql, _given in computed])}::text"
    found = [*(value for _sql, given in computed for value in given), *values[len(first) :]]
    return (f"{begins}, {row}{rest}", [*first, *found]), (f"SELECT {row}{rest}", found)


def _which(expression: Any) -> Any:  # noqa: ANN401  (Django's own)
    """Of rows that are read along as one value, which versions these are; anything else as it is."""
    if not isinstance(expression, ArraySubquery):
        return expression
    which = expression.copy()
    query, name = which.query, which.query.get_compiler(connection=connection).quote_name_unless_alias
    own = [alias for alias in query.alias_map if query.alias_refcount[alias]]
    is_each_row = not (query.is_sliced or query.distinct or query.combinator or query.extra) and query.group_by is None
    told = [part for each in (*query.select, *query.annotations.values()) for part in each.flatten()]
    is_own = all(type(part) in _OWN and (not isinstance(part, Col) or part.alias in own) for part in told)
    if not (is_each_row and is_own):
        return expression
    query.clear_select_clause()
    query.add_annotation(RawSQL(versions(*map(name, own)), ()), "_which")  # noqa: S611  (our own)
    return which


Part = tuple[str, Sequence[Any]]
"""A statement and its values."""
_ALONE: Part = ("SELECT 1", ())


def insert(*rows: Model, after: Sequence[Part] = ()) -> bool:
    """New rows as Django would store them, by one statement that is put together once for their models.

    ``after``: what is done first in the same statement, in this order; ``{done}`` in each stands for what the one
    before it returned. False: one of these has returned no row, and nothing after it was done. What was before it is:
    whatever may find nothing stands before all that writes.
    """
    first = _ALONE, *after
    statement, fields = _insertion(tuple(map(type, rows)), tuple(each for each, _values in first))
    here = connections[DEFAULT_DB_ALIAS]  # found once: each look through ``connection`` is a search
    values = [value for _each, given in first for value in given]
    for row, own in zip(rows, fields, strict=True):
        values += [field.get_db_prep_save(field.pre_save(row, add=True), here) for field in own]
    with connection.prepared(statement, values) as cursor:
        is_stored = bool(cursor.rowcount)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001  (as Django's own save)
    return is_stored


@cache
def _insertion(models: tuple[type[Model], ...], first: tuple[str, ...]) -> tuple[str, list[tuple[Any, ...]]]:
    """Each part reads what the one before it returned, so that none is done for one that found nothing."""
    if not all("{done}" in part for part in first[1:]):
        message = "what is done first reads what was done before it"
        raise TypeError(message)
    fields = [tuple(model._meta.local_concrete_fields) for model in models]  # noqa: SLF001  (Django's documented way)
    inserts = [_insert(model, own) for model, own in zip(models, fields, strict=True)]
    parts = [
        part.replace("{done}", f"done{number - 1}")
        for number, part in enumerate([*first, *(f"{each} RETURNING 1" for each in inserts[:-1]), inserts[-1]])
    ]
    before = ", ".join(f"done{number} AS ({part})" for number, part in enumerate(parts[:-1]))
    return f"WITH {before} {parts[-1]}", fields


def _insert(model: type[Model], fields: Sequence[Any]) -> str:
    names = ", ".join(f'"{field.column}"' for field in fields)
    # Without their lengths: a cast to a length would cut what is too long, and the column refuses it.
    kinds = [_LENGTH.sub("", str(field.cast_db_type(connection))) for field in fields]
    places = ", ".join(f"%s::{kind}" for kind in kinds)
    table = model._meta.db_table  # noqa: SLF001  (as above)
    return f"INSERT INTO {table} ({names}) SELECT {places} FROM {{done}}"  # noqa: S608  (our own)


def _table(info: dict[str, Any], select: Sequence[Any], attach: Any = None) -> _Table:  # noqa: ANN401  (Django's own)
    columns = tuple((place, select[place][0].target.attname) for place in info["select_fields"])
    key = next(place for place, name in columns if name == info["model"]._meta.pk.attname)  # noqa: SLF001  (as above)
    related = tuple(_table(each, select, each["local_setter"]) for each in info.get("related_klass_infos", ()))
    return _Table(info["model"], columns, key, attach, related)


def together(asked: Sequence[Part]) -> Part:
    """One statement of these, each of which answers with one value: ``row`` finds all of them."""
    statement = f"SELECT {', '.join(f'({statement})' for statement, _values in asked)}"
    return statement, [value for _statement, values in asked for value in values]


def row(asked: Part) -> tuple[Any, ...]:
    """The one row that this finds."""
    with connection.prepared(*asked) as cursor:
        return tuple(cursor.fetchone())
