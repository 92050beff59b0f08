"""What is kept about a person, as that person reads it in a copy of their data: each theme's ``held`` file says it.

A table of whose rows somebody is the subject is ``shown``, with a title and its way to that person, or ``left_out``,
with a reason that they read. One that says neither is a bug (``tests/house/test_held.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Field, Model, QuerySet

from ciam_portal.core.words import Text

Way = str | Callable[[UUID], QuerySet[Any]]
"""The lookup that leads from a row to the person, or what finds the rows of one."""

_THEIRS = ("personal", "pseudonymous")
_SECRET = ("sensitive", "secret")
_NAMES = ("customer", "user", "person", "owner", "about", "subject")
_FARTHEST = 3  # tables between a row and its person


@dataclass(frozen=True, slots=True)
class Shown:
    """A table that is part of the copy.

    ``said``: what is said in place of a column, or beside them. ``without``: columns that are left out, and why.
    ``library``: columns of a library's that are shown; of ours, all are that are no secret.
    """

    model: type[Model]
    title: Text
    way: Way
    library: tuple[str, ...] = ()
    said: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    without: Mapping[str, Text] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What its files are called."""
        return label(self.model).replace(".", "-")

    @property
    def columns(self) -> list["Field[Any, Any]"]:
        """Those that are shown as they are. Whose row it is says nothing, and other people are nobody's to read."""
        left = {*self.said, *self.without}
        return [
            column
            for column in columns_of(self.model)
            if column.name not in left and (column.name in self.library or _is_open(column)) and not _is_person(column)
        ]

    @property
    def secrets(self) -> list[str]:
        """Columns that nobody is shown."""
        return [each.name for each in columns_of(self.model) if comment_of(each).startswith(_SECRET)]

    def rows(self, customer: UUID) -> QuerySet[Any]:
        """Everything in it about this customer, newest first."""
        if callable(self.way):
            return self.way(customer)
        related = [each.name for each in self.columns if names(each)]
        found = self.model._base_manager.filter(**{self.way: customer})  # noqa: SLF001  (as above)
        return found.select_related(*related).order_by("-pk") if related else found.order_by("-pk")


_shown: dict[type[Model], Shown] = {}
_left_out: dict[type[Model], Text] = {}


def show(
    model: type[Model],
    title: Text,
    *,
    way: Way = "",
    library: tuple[str, ...] = (),
    said: Mapping[str, Callable[[Any], Any]] | None = None,
    without: Mapping[str, Text] | None = None,
) -> None:
    """This table is part of the copy. ``way``: only where the table itself does not say whose its rows are."""
    _shown[model] = Shown(model, title, way or way_to(model), library, said or {}, without or {})


def leave_out(model: type[Model], why: Text) -> None:
    """This one is not, and why not."""
    _left_out[model] = why


def shown() -> list[Shown]:
    """All that is part of the copy, in the order of the apps."""
    return [_shown[model] for model in apps.get_models(include_auto_created=True) if model in _shown]


def left_out() -> dict[type[Model], Text]:
    """What is not, with the reasons."""
    return dict(_left_out)


def label(model: type[Model]) -> str:
    """What it is called for good."""
    return model._meta.label_lower  # noqa: SLF001  (Django's documented way)


def columns_of(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    """All of them."""
    return model._meta.concrete_fields  # noqa: SLF001  (as above)


def names(column: "Field[Any, Any]") -> bool:
    """Whether it leads to something that has a name, such as an app."""
    return column.is_relation and any(each.name == "name" for each in columns_of(column.related_model))  # type: ignore[arg-type]


def comment_of(column: "Field[Any, Any]") -> str:
    """How sensitive a column says it is; nothing for a library's."""
    return column.db_comment or ""


def is_about_people(model: type[Model]) -> bool:
    """Whether anything in it is somebody's, or leads to somebody."""
    return bool(way_to(model)) or any(comment_of(each).startswith(_THEIRS) for each in columns_of(model))


def way_to(model: type[Model], farthest: int = _FARTHEST) -> str:
    """The shortest lookup that leads from a row to the person it is about; nothing if there is none."""
    columns = columns_of(model)
    direct = sorted((each for each in columns if _leads(each)), key=lambda each: _rank(each.name))
    if direct:
        return direct[0].name
    on = [each for each in columns if each.is_relation and each.related_model is not model] if farthest else []
    further = [(each.name, way_to(each.related_model, farthest - 1)) for each in on]  # type: ignore[arg-type]  # a model
    ways = [f"{name}__{way}" for name, way in further if way]
    return min(ways, key=lambda way: way.count("__"), default="")


def _rank(name: str) -> int:
    return _NAMES.index(name) if name in _NAMES else len(_NAMES)


def _leads(column: "Field[Any, Any]") -> bool:
    return _is_person(column) or (
        column.name in _NAMES and not column.is_relation and comment_of(column).startswith("pseudonymous")
    )


def _is_person(column: "Field[Any, Any]") -> bool:
    return column.is_relation and label(column.related_model) == settings.AUTH_USER_MODEL.lower()  # type: ignore[arg-type]


def _is_open(column: "Field[Any, Any]") -> bool:
    return bool(comment_of(column)) and not comment_of(column).startswith(_SECRET)
