"""Requests about data as privacy officers read and answer them; and what they see over all customers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import LOOKERS
from ciam_portal.core import clock, reference
from ciam_portal.core.crypto.vault import CannotOpen
from ciam_portal.core.lists import sheet
from ciam_portal.core.policy import limits
from ciam_portal.core.roles import roles_of
from ciam_portal.core.words import masked
from consent.ledger.chart import chart
from consent.models import Request
from consent.rights import flows, forms, measures
from consent.rights.policy import OFFICERS, Answer, WhyLonger

_CHANGE = "consent_request_change"
# What can be taken away as a file: how it is read, and its columns.
_TABLES: dict[str, tuple[Callable[[datetime], list[Any]], tuple[str, ...]]] = {
    "rates": (measures.rates, ("purpose", "version", "given", "refused", "withdrawn", "lapsed", "share")),
    "withdrawals": (measures.withdrawals, ("begins", "withdrawn", "objected")),
    "requests": (measures.clocks, ("kind", "open", "soon", "late", "answered", "answered_late")),
    "unused": (measures.unused, ("purpose", "last")),
    "volumes": (measures.volumes, ("recipient", "day", "times", "usual")),
}


@admin.register(Request)
class Requests(Looking):
    """Looked at, and answered; the record of its customer is opened for it. Beside them, what is true of everybody."""

    roles = OFFICERS
    hidden = frozenset({"said"})
    change_list_template = "admin/verbs_list.html"
    list_display = ("due_at", "state", "kind", "about", "asked_at", "whom")
    list_filter = ("state", "kind")
    ordering: ClassVar[tuple[str, ...]] = ("due_at",)

    @admin.display(description=lazy("customer"))
    def whom(self, request: Request) -> str:
        """Whom, by what they can be asked for."""
        return reference.of(request.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """Answering, taking more time, and the overview with its files."""
        site = self.admin_site
        answer = self.verb(self.answer, lazy("Answer a request about data"), forms.Reply, "answer", "lifts")
        extend = self.verb(self.extend, lazy("Take more time for a request"), forms.Extend, "reason")
        return [
            path("overview/", site.admin_view(require_safe(self.overview)), name="privacy_overview"),
            path("overview/file/", site.admin_view(require_safe(self.sheet)), name="privacy_sheet"),
            path("<uuid:request_id>/answer/", answer, name="consent_request_answer"),
            path("<uuid:request_id>/extend/", extend, name="consent_request_extend"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The requests, and the way to the overview."""
        more = {"verb_url": reverse("admin:privacy_overview"), "verb": _("Privacy overview")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What is asked, until when, and the forms that answer."""
        found, stopped = self.opened(request, object_id)
        return stopped if found is None else self._page(request, found, forms.Reply(), forms.Extend())

    def answer(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """The answer."""
        person, session, by = self.acting(request)
        found, form = self._of(request, request_id), forms.Reply(request.POST)
        if not form.is_valid():
            return self._page(request, found, form, forms.Extend())
        said, lifts = Answer(form.cleaned_data["answer"]), form.cleaned_data["lifts"]
        return self.do(
            request,
            lambda: flows.answer(found, said, person, session, lifts=lifts, by=by, at=clock.now()),
            _("Answered. The customer is told."),
            _CHANGE,
            found.pk,
        )

    def extend(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """More time."""
        person, session, by = self.acting(request)
        found, form = self._of(request, request_id), forms.Extend(request.POST)
        if not form.is_valid():
            return self._page(request, found, forms.Reply(), form)
        why = WhyLonger(form.cleaned_data["reason"])
        return self.do(
            request,
            lambda: flows.extend(found, why, person, session, by=by, at=clock.now()),
            _("The customer reads why, and until when."),
            _CHANGE,
            found.pk,
        )

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Numbers over all customers, as charts and tables. No record of anybody is behind it."""
        self.seen(request, None)
        at = clock.now()
        months = measures.withdrawals(at)
        return self.show(
            request,
            "admin/privacy_overview.html",
            title=_("Privacy overview"),
            rates=measures.rates(at),
            months=months,
            chart=chart([(each.begins, each.withdrawn, each.objected) for each in months]),
            clocks=measures.clocks(at),
            unused=measures.unused(at),
            volumes=measures.volumes(at),
            rules=limits.current().rights,
        )

    def sheet(self, request: HttpRequest) -> HttpResponse:
        """One of its tables as a file."""
        self.seen(request, None)
        table = request.GET.get("table", "requests")
        if table not in _TABLES:
            raise Http404
        read, columns = _TABLES[table]
        rows = measures.table(read(clock.now()), *columns)
        response = HttpResponse("".join(sheet.lines(columns, rows)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{table}.csv"'
        return response

    def _of(self, request: HttpRequest, request_id: UUID) -> Request:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Request.objects.select_related("customer"), pk=request_id)

    def _page(self, request: HttpRequest, found: Request, reply: forms.Reply, extend: forms.Extend) -> HttpResponse:
        try:
            text = found.text
        except CannotOpen:
            text = ""
        return self.show(
            request,
            "admin/data_request.html",
            title=found.get_kind_display(),
            found=found,
            text=text,
            reply=reply,
            extend=extend,
            is_late=found.ended_at is None and clock.now() >= found.due_at,
            customer=masked(found.customer.email),
            reads_record=bool(roles_of(request.user) & LOOKERS),
            answered_by=people.names([found.answered_by]).get(found.answered_by, "") if found.answered_by else "",
        )
