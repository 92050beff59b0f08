"""The use ledger as auditors read it: of one customer, each line with the answer that stood at that instant."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.staff.admin.looking import Looking
from accounts.staff.admin.proven import file_of
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.lists.keyset import Mark
from ciam_portal.core.lists.newest import LENGTH, Narrow, Newest, Page
from ciam_portal.core.roles import Role
from ciam_portal.core.words import Text, sentence, why_not
from consent.ledger import facts
from consent.ledger.shapes import Party, Way
from consent.models import Receipt, Use
from consent.purposes.policy import Basis
from consent.receipts import verifier
from consent.records.lines import STATES
from consent.records.policy import State
from consent.use import lines
from consent.use.lines import Trace

_RESULTS = {Use.Result.ALLOWED.value: lazy("Released"), Use.Result.REFUSED.value: lazy("Refused")}
READERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER})


class NarrowUses(Narrow):
    """Of whose data, by whom, for what, and what became of it."""

    customer = forms.UUIDField(label=lazy("Customer (number)"), required=False)
    partner = forms.UUIDField(label=lazy("Partner (number)"), required=False)
    purpose = forms.SlugField(label=lazy("Purpose"), required=False, max_length=64)
    way = forms.ChoiceField(
        label=lazy("Way"), required=False, choices=[("", "—"), *((each.value, each.value) for each in Way)]
    )
    result = forms.ChoiceField(label=lazy("Result"), required=False, choices=[("", "—"), *_RESULTS.items()])


@admin.register(Use)
class Uses(Looking, Newest):
    """Looked at, never edited. What a line rests on is part of its customer's record."""

    roles = READERS
    about = "customer"
    list_display = ("at", "purpose", "recipient", "way", "result", "reason", "times")
    asks = NarrowUses
    narrow = {"customer": "customer", "partner": "partner"}  # noqa: RUF012  (Newest's)
    within = {"purpose": "purpose", "way": "way", "result": "result"}  # noqa: RUF012  (as above)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each line with what tracing it takes."""
        return lines.traceable(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        """The files that prove what a line rests on."""
        view = self.admin_site.admin_view(require_safe(self.file))
        return [path("<uuid:use_id>/file/<slug:name>/", view, name="consent_use_file"), *super().get_urls()]

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:
        """Those about one customer are part of their record."""
        wanted = _customer(form)
        return self.through_record(request, wanted) if wanted else None

    def columns(self, form: Narrow) -> tuple[str, ...]:
        """Of one customer also what each line rests on."""
        return (*super().columns(form), *(("answer_named", "proof", "rests") if _customer(form) else ()))

    def page(self, request: HttpRequest, form: Narrow, before: Mark | None, length: int = LENGTH) -> Page:
        """The lines, with the names of those who got something; of one customer all of them traced."""
        found = super().page(request, form, before, length)
        names = facts.names({_party(row) for row in found.rows})
        traces = lines.traced(found.rows) if _customer(form) else [None] * len(found.rows)
        for row, trace in zip(found.rows, traces, strict=True):
            row.name_of_recipient, row.trace = names[_party(row)], trace
        return found

    @admin.display(description=lazy("recipient"))
    def recipient(self, row: Any) -> str:
        """Who got it, by name."""
        return str(row.name_of_recipient)

    @admin.display(description=lazy("answer"))
    def answer_named(self, row: Any) -> str:
        """The one that it names: which, how it stood, and since when."""
        return _answer(row.trace)

    @admin.display(description=lazy("proof"))
    def proof(self, row: Any) -> Text:
        """Where the answer stands in the audit's tree, and the file that proves it."""
        if row.trace.event is None:
            return "—"
        if row.trace.leaf is None:
            return _("not sealed yet")
        leaf = _("Leaf %(index)s") % {"index": f"{row.trace.leaf:,}"}
        return format_html('<a href="{}">{}</a>', reverse("admin:consent_use_file", args=[row.pk, "answer"]), leaf)

    @admin.display(description=lazy("what that is worth"))
    def rests(self, row: Any) -> Text:
        """Whether it should have gone out."""
        words = sentence(row.trace.rests)
        return format_html("<strong>{}</strong>", words) if row.trace.rests.is_fault else words

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One line: what went to whom, under which answer, and what proves that."""
        use, stopped = self.opened(request, object_id)
        if use is None:
            return stopped
        (trace,) = lines.traced([use])
        party, event = _party(use), trace.event
        return self.show(
            request,
            "admin/use.html",
            title=_("Use of data at %(at)s UTC") % {"at": f"{use.at:%Y-%m-%d %H:%M}"},
            use=use,
            trace=trace,
            recipient=facts.names([party])[party],
            purpose=facts.titles([use.purpose], use.at)[use.purpose],
            basis=sentence(Basis(use.basis)) if use.basis else "—",
            data=_data(use.categories),
            way=sentence(Way(use.way)),
            why_not=why_not(use.reason) if use.reason else "",
            rests=sentence(trace.rests),
            answer=_answer(trace),
            answer_data=_data(event.categories) if event else [],
            ends=_utc(event.expires_at) if event and event.expires_at else "",
            replaced=_utc(trace.replaced_at) if trace.replaced_at else "",
        )

    def file(self, request: HttpRequest, use_id: UUID, name: str) -> HttpResponse:
        """The proof of its answer or of the receipt; or the receipt itself, as its customer has it."""
        use, stopped = self.opened(request, str(use_id))
        if use is None:
            return stopped
        (trace,) = lines.traced([use])
        row = {"answer": trace.event, "receipt": trace.receipt, "signed": trace.receipt}.get(name)
        if row is None:
            raise Http404
        if isinstance(row, Receipt) and name == "signed":
            response = HttpResponse(verifier.file_of(row.text), content_type="application/json; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="consent-receipt-{row.number}.json"'
            return response
        return file_of(request, row.pk, reverse("admin:consent_use_change", args=[use.pk]))


def _customer(form: Narrow) -> UUID | None:
    """Whose lines only, if that was asked for."""
    return form.cleaned_data.get("customer") if form.is_valid() else None


def _party(use: Use) -> Party:
    return Party(use.partner, use.application)


def _data(codes: list[str]) -> list[Text]:
    return [CATEGORIES[code].title for code in codes if code in CATEGORIES]


def _answer(trace: Trace) -> str:
    event, number = trace.event, trace.use.event
    if event is None:
        return "—" if number is None else _("Number %(number)s: not there") % {"number": number}
    return _("Number %(number)s: %(state)s, %(at)s") % {
        "number": number, "state": STATES[State(event.state)], "at": _utc(event.at),
    }  # fmt: skip


def _utc(at: datetime) -> str:
    """As in the list."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
