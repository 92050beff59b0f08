"""A list that only grows, as staff read it: newest first, from where the last page ended, and never counted.

However many rows there are, a page costs the same: what narrows the list most has an index with the time, and whatever
else is asked for is looked for in the newest ``MOST`` of these rows. The page says how far back that was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.lists import keyset
from ciam_portal.core.lists.keyset import Mark

LENGTH = 50
MOST = 20_000  # rows that one page looks at, when more is asked for than an index answers
_NOBODY = UUID(int=0)
_NOTHING = "—"


class Narrow(forms.Form):
    """A span of time, in UTC. Each list adds what it can be narrowed by."""

    since = forms.DateTimeField(
        label=_("From (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=_("Before (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


@dataclass(frozen=True, slots=True)
class Page:
    """So many rows; where the next page begins, None on the last; and how far back was looked, if not to the end."""

    rows: list[Any]
    older: Mark | None
    looked_to: datetime | None = None


class Newest(ReadOnlyAdmin):
    """One such list. ``time`` is the column it is ordered by.

    ``narrow`` and ``within`` name fields of ``asks`` and the columns they ask about: the former each with an index of
    column and time, what tells most first; the latter without one.
    """

    change_list_template = "admin/newest.html"
    time: ClassVar[str] = "at"
    asks: type[Narrow] = Narrow
    narrow: ClassVar[Mapping[str, str]] = {}
    within: ClassVar[Mapping[str, str]] = {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """One page of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = self.asks(request.GET)
        if (stopped := self.before_list(request, form)) is not None:
            return stopped
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        found = self.page(request, form, Mark.read(request.GET.get("older", ""))) if form.is_valid() else Page([], None)
        columns = self.columns(form)
        context = {
            "title": capfirst(self.opts.verbose_name_plural), "form": form,
            "older": found.older, "looked_to": found.looked_to,
            "query": asked(request), "headings": [label_for_field(name, self.model, self) for name in columns],
            "lines": [(row.pk, self.cells(row, columns)) for row in found.rows], "most": MOST,
        }  # fmt: skip
        return self.show(request, self.change_list_template, **context | (extra_context or {}))

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:  # noqa: ARG002  (for heirs)
        """What comes instead of the list; None: nothing does."""
        return None

    def rows(self, request: HttpRequest, form: Narrow) -> QuerySet[Any]:
        """The rows in the span that was asked for."""
        rows: QuerySet[Any] = self.get_queryset(request)
        said = form.cleaned_data
        if said["since"]:
            rows = rows.filter(**{f"{self.time}__gte": said["since"]})
        return rows.filter(**{f"{self.time}__lt": said["until"]}) if said["until"] else rows

    def page(self, request: HttpRequest, form: Narrow, before: Mark | None, length: int = LENGTH) -> Page:
        """The newest rows before this place that the form asks for. Two statements at most."""
        columns = {column: form.cleaned_data[name] for name, column in {**self.narrow, **self.within}.items()}
        wanted = [(column, value) for column, value in columns.items() if value]
        first = dict(wanted[:1]) if wanted and wanted[0][0] in self.narrow.values() else {}
        more = dict(wanted[len(first) :])
        rows = keyset.after(self.rows(request, form).filter(**first), before, self.time)
        end: datetime | None = None
        if more:
            end = next(iter(rows.values_list(self.time, flat=True)[MOST : MOST + 1]), None)
            # As text, which no index answers: so the planner takes the index of what narrows most, and no other.
            texts = {f"{column}_text": _as_text(column) for column in more}
            same = {f"{column}_text": str(value) for column, value in more.items()}
            rows = rows.alias(**texts).filter(**same, **({f"{self.time}__gte": end} if end else {}))
        found = list(rows[: length + 1])
        if len(found) > length:
            last = found[length - 1]
            return Page(found[:length], Mark(getattr(last, self.time), last.pk))
        return Page(found, Mark(end, _NOBODY) if end else None, end)

    def columns(self, form: Narrow) -> tuple[str, ...]:  # noqa: ARG002  (for heirs)
        """What a line shows, of what was asked for."""
        return tuple(str(name) for name in self.list_display)

    def cells(self, row: Model, columns: tuple[str, ...]) -> list[str]:
        """One line, as text."""
        return [_text(*lookup_field(name, row, self)) for name in columns]


def asked(request: HttpRequest) -> str:
    """The address's own query, without the place in the list."""
    query = request.GET.copy()
    query.pop("older", None)
    return query.urlencode()


def _as_text(column: str) -> Concat:
    return Concat(Cast(column, TextField()), Value(""), output_field=TextField())


def _text(field: Any, _attribute: Any, value: Any) -> str:  # noqa: ANN401  (as Django finds them)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(display_for_field(value, field, _NOTHING) if field else display_for_value(value, _NOTHING)) or _NOTHING
