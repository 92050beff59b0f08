"""A customer's opened record: what its parts are made of. Personal values stay masked until one is asked for.

What the parts are is said in ``settings.STAFF_RECORD``: apps above accounts have theirs, and imports point down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime

from accounts.models import Session, User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.roles import Role, roles_of


@dataclass(frozen=True, slots=True)
class Viewer:
    """The member of staff who looks, in this session."""

    user: User
    session: Session
    by: Actor
    at: datetime

    @property
    def roles(self) -> frozenset[Role]:
        """What they may be now."""
        return roles_of(self.user)


@dataclass(frozen=True, slots=True)
class Value:
    """Something personal: masked, and whole once this very value was asked for. ``name`` says which it is."""

    name: str
    label: str
    masked: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to go from a cell."""

    text: str
    url: str


Cell = str | Value | Link


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: a table with columns, or terms and values without. ``template``: what stands below it."""

    code: str
    title: str
    rows: tuple[tuple[Cell, ...], ...] = ()
    columns: tuple[str, ...] = ()
    empty: str = ""
    template: str = ""
    words: dict[str, Any] = field(default_factory=dict)


class Record:
    """The page: made once for each request. ``wanted``: the name of the one value that is shown whole."""

    def __init__(self, customer: User, viewer: Viewer, wanted: str = "") -> None:
        self.customer, self.viewer, self._wanted = customer, viewer, wanted
        self.values: dict[str, Value] = {}

    def parts(self) -> list[Part]:
        """Every part, in the order of the settings."""
        builders: Iterable[Callable[[Record], Part]] = (import_string(path) for path in settings.STAFF_RECORD)
        return [build(self) for build in builders]

    def value(self, code: str, row: UUID, label: str, whole: str, masked: str) -> Cell:
        """A personal value of this row; nothing to show if there is none."""
        if not whole:
            return "—"
        name = f"{code}:{row}"
        made = Value(name, label, masked, whole if name == self._wanted else "")
        self.values[name] = made
        return made


def instant(at: datetime | None) -> str:
    """As on every staff page; a dash for never."""
    return "—" if at is None else date_format(localtime(at), "DATETIME_FORMAT")
