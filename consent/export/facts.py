"""What is in a copy: every table that is shown, row by row, without secrets and without other people."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from ciam_portal.core import held
from ciam_portal.core.crypto.vault import CannotOpen
from ciam_portal.core.held import Shown

_CHUNK = 500
_NUMBER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Row = dict[str, Any]


def read(table: Shown, customer: UUID) -> Iterator[Row]:
    """Its rows about this customer, newest first, as plain JSON. Wherever another person is named, it says just that.

    Part of a transaction, so that the database hands them over in chunks.
    """
    rows = table.rows(customer).iterator(chunk_size=_CHUNK)
    while chunk := [_cells(table, row) for row in islice(rows, _CHUNK)]:
        yield from _without_others(chunk, customer)


def _cells(table: Shown, row: Any) -> Row:  # noqa: ANN401  (any model's)
    shown = {column.name: _of(row, column) for column in table.columns}
    return shown | {name: _told(say, row) for name, say in table.said.items()}


def _told(say: Callable[[Any], Any], row: Any) -> Any:  # noqa: ANN401  (as above)
    """What is said of a row. One from before this release must not keep the customer from all others."""
    try:
        return say(row)
    except (AttributeError, CannotOpen, LookupError, TypeError, ValueError):
        return _("It is kept in a form that cannot be read any more.")


def _of(row: Any, column: Any) -> Any:  # noqa: ANN401  (as above)
    """A column's value; of an app or a role its name."""
    if not held.names(column):
        return getattr(row, column.attname)
    related = getattr(row, column.name)
    return None if related is None else related.name


def _without_others(rows: list[Row], customer: UUID) -> list[Row]:
    """The numbers of other people give way to words, wherever they stand. One statement."""
    text = json.dumps(rows, default=_plain, ensure_ascii=False)
    numbers = set(_NUMBER.findall(text)) - {str(customer)}
    people = dict(User.objects.filter(pk__in=numbers).values_list("pk", "is_staff"))
    for number, is_staff in people.items():
        text = text.replace(str(number), _("our staff") if is_staff else _("another person"))
    found: list[Row] = json.loads(text)
    return found


def is_number(value: object) -> bool:
    """Whether it only names a row, and says nothing to people."""
    return isinstance(value, str) and bool(_NUMBER.fullmatch(value))


def _plain(value: object) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)
