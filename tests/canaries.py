"""One row in every table that is about people, all of one customer, with a value in each column that is told apart."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from accounts.models import User
from ciam_portal.core import clock, held
from ciam_portal.core.crypto import codes

_CHECKS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'c' AND connamespace = 'public'::regnamespace AND coninhcount = 0
"""
# What some columns must hold so that the row can be read at all.
_MUST: dict[str, dict[str, Any]] = {
    "accounts.Restriction": {"reason": "stolen"},
    "accounts.User": {"timezone": "Pacific/Chatham", "locale": "en", "is_active": True, "password": "x"},
    "audit.DecisionEntry": {"inputs": [], "contributions": [], "findings": [], "detail": {}},
}


class Planted:
    """The rows, and what stands in each of their columns."""

    def __init__(self, customer: User) -> None:
        self._customer, self._count = customer, 0
        self._begun: set[type[Model]] = set()  # two tables may point at each other
        self.rows: dict[type[Model], Model] = {}
        self.values: dict[tuple[type[Model], str], Any] = {}
        drop_checks()
        with connection.cursor() as cursor:
            for shown in held.shown():
                cursor.execute(f'ALTER TABLE "{shown.model._meta.db_table}" DISABLE TRIGGER USER')
        for shown in held.shown():
            self.plant(shown.model)

    def plant(self, model: type[Model]) -> Model:
        """One row of it, and of those that it hangs from."""
        if model in self.rows:
            return self.rows[model]
        if model is User:
            self.rows[User] = self._customer
        self._begun.add(model)
        must = _MUST.get(model._meta.label, {})
        values = {each.attname: must.get(each.name, self._value(each)) for each in _own(model)}
        if model is User:
            User.objects.filter(pk=self._customer.pk).update(**values)
            self._customer.refresh_from_db()
        else:
            pointing = dict(self._pointing(model))
            (self.rows[model],) = model._base_manager.bulk_create([model(**values, **pointing)])
            values |= pointing
        for each in model._meta.concrete_fields:
            self.values[model, each.name] = getattr(self.rows[model], each.attname)
        return self.rows[model]

    def _pointing(self, model: type[Model]) -> Iterator[tuple[str, Any]]:
        for each in model._meta.concrete_fields:
            if each.is_relation:
                target: Any = each.related_model
                is_wanted = not each.null or held.is_about_people(target)
                if target in self.rows or (is_wanted and target not in self._begun):
                    yield each.attname, self.plant(target).pk

    def _value(self, column: "Field[Any, Any]") -> Any:
        self._count += 1
        if type(column).__name__ == "UUIDField" and column.name in {"about", "asked_by", "customer", "subject"}:
            return self._customer.pk
        return value(column, f"canary{self._count}x", self._count)


def drop_checks() -> None:
    """Rows need not make sense: they are rolled back with the test, and so is this."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_CHECKS)
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def value(column: "Field[Any, Any]", text: str, number: int) -> Any:
    """Something for this column: the text as far as it fits, else something by the number."""
    made: dict[str, Callable[[], Any]] = {
        "UUIDField": codes.new_id,
        "EmailField": lambda: f"{text}@example.com",
        "JSONField": lambda: {"said": text},
        "BooleanField": lambda: False,
        "DateTimeField": lambda: clock.now() + timedelta(microseconds=number),
        "DateField": lambda: date(2000, 1, 1) + timedelta(days=number),
        "FloatField": lambda: number + 0.125,
        "BinaryField": text.encode,
        "GenericIPAddressField": lambda: f"192.0.2.{number % 250}",
        "ArrayField": lambda: [value(column.base_field, text, number)],  # type: ignore[attr-defined]
        "ResourceJSONField": lambda: [text],
    }
    kind = type(column).__name__
    kind = kind if kind in made else column.get_internal_type()
    plain = 10_000 + number if "Integer" in kind else text[: column.max_length or len(text)]
    return made.get(kind, lambda: plain)()


def _own(model: type[Model]) -> list["Field[Any, Any]"]:
    plain = (each for each in model._meta.concrete_fields if not each.is_relation)
    counted = (each for each in plain if each.get_internal_type() not in {"AutoField", "BigAutoField"})
    return [each for each in counted if not (model is User and each.primary_key)]


def as_text(value: Any) -> str:
    """As it stands in JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return json.dumps(value, default=str, ensure_ascii=False).strip('"')
