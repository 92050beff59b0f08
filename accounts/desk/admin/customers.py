"""Customers, as the help desk finds and reads them: by an exact address or number, and more only with a reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.desk.admin.parts import initials
from accounts.factors import bound as factors
from accounts.models import Session, User
from accounts.restrictions.admin import RestrictionPages
from accounts.staff.admin.record import Record, Viewer
from accounts.staff.admin.verbs import refusals_said
from accounts.staff.flows import people as staff
from accounts.staff.forms import Find, Open, Unmask
from accounts.staff.policy import LOOKERS, WhyLook
from accounts.step_up import facts
from ciam_portal.core import clock, flow, gate
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.words import masked, sentence


def summary(customer: User) -> dict[str, Any]:
    """What is shown before a reason was given."""
    last = Session.objects.filter(customer=customer).aggregate(last=Max("started_at"))["last"]
    return {
        "id": customer.pk,
        "reference": customer.reference,
        "address": masked(customer.email),
        "initials": initials(customer.name),
        "created": f"{customer.created_at:%Y-%m}",
        "factors": len(factors.second_factors(customer)),
        "last": f"{last:%Y-%m-%d}" if last else "",
    }


@admin.register(User)
class Users(RestrictionPages):
    """Found, and looked at with a reason; never listed, exported or edited."""

    roles = LOOKERS
    hidden = frozenset({"password", "is_superuser"})

    def get_urls(self) -> list[URLPattern]:
        """More pages: opening a record, one hidden value of it, and what is done with restrictions on it."""
        view = self.verb(self.open, lazy("Open a customer's record"), Open, "reason", "case")
        unmask = self.verb(self.unmask, lazy("Show something hidden on a customer's record"), Unmask, "value")
        return [
            path("<uuid:customer_id>/open/", view, name="accounts_user_open"),
            path("<uuid:customer_id>/unmask/", unmask, name="accounts_user_unmask"),
            *self.restriction_urls(),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The search. Nothing is listed, and what is searched for is never part of an address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        form, found = Find(request.POST or None), None
        if form.is_valid():
            person, _session, by = self.acting(request)
            found = [summary(each) for each in staff.find(form.cleaned_data["wanted"], person, by=by, at=clock.now())]
        return self.show(request, "admin/customer_find.html", title=_("Find a customer"), form=form, found=found)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """The record, if this session has opened it lately; before that the summary, and the question why."""
        customer = self.found(request, unquote(object_id))
        viewer = Viewer(*self.acting(request), clock.now())
        opened = staff.openings(customer.pk, viewer.session, viewer.at)
        if not opened:
            return self._closed(request, customer, Open())
        self._still_allowed(viewer, customer)
        return self._record(request, Record(customer, viewer), opened)

    def history_view(self, *_args: object, **_kwargs: object) -> HttpResponse:
        """Nothing is changed in this site, so there is none."""
        raise Http404

    def open(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """The reason is given: the record stays open to this session for a short while."""
        person, session, by = self.acting(request)
        customer, form = get_object_or_404(User, pk=customer_id), Open(request.POST)
        if not form.is_valid():
            return self._closed(request, customer, form)
        reason, case = WhyLook(form.cleaned_data["reason"]), form.cleaned_data["case"]
        back = ("recovery_case_change", case) if case else ("accounts_user_change", customer.pk)
        return self.do(
            request, lambda: staff.open_record(customer, reason, person, session, by=by, at=clock.now()), "", *back
        )

    def unmask(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """One hidden value is needed: it is shown this once, and the customer sees that it was."""
        viewer = Viewer(*self.acting(request), clock.now())
        customer, name = get_object_or_404(User, pk=customer_id), request.POST.get("value", "")
        record = Record(customer, viewer, name)
        opened = staff.openings(customer.pk, viewer.session, viewer.at)
        kind, row = self._value(record, name) if opened else ("", customer.pk)
        allowed = False
        with refusals_said(request):
            staff.unmask(customer, kind, row, viewer.user, viewer.session, by=viewer.by, at=viewer.at)
            allowed = True
        return self._record(request, record, opened) if allowed else self._back(customer_id)

    @staticmethod
    def _value(record: Record, name: str) -> tuple[str, UUID]:
        """What is asked for, if there is such a value on this record."""
        record.parts()
        if name not in record.values:
            raise Http404
        kind, _colon, row = name.partition(":")
        return kind, UUID(row)

    def _record(self, request: HttpRequest, record: Record, opened: list[tuple[WhyLook, datetime]]) -> HttpResponse:
        context = {
            "title": _("Record of %(customer)s") % {"customer": masked(record.customer.email)},
            "customer": record.customer,
            "parts": record.parts(),
            "opened": [(sentence(why), at, staff.shuts_at(at)) for why, at in opened],
            "form": Open(),
        }
        return self.show(request, "admin/customer_record.html", **context)

    def _closed(self, request: HttpRequest, customer: User, form: Open) -> HttpResponse:
        self.seen(request, customer.pk)
        return self.show(request, "admin/customer.html", title=_("Customer"), customer=summary(customer), form=form)

    @staticmethod
    def _still_allowed(viewer: Viewer, customer: User) -> None:
        """The session may have become risky, or stale, since. Raises ProveMore, OnHold, Refused."""
        by, at = viewer.by, viewer.at
        asked = facts.for_action(viewer.user, viewer.session, by=by, at=at)
        if not isinstance(gate.decide(Action.STAFF_OPEN_RECORD, asked, limits=limits.current(), at=at), Allow):
            flow.go_on(decisions.assess(Action.STAFF_OPEN_RECORD, asked, about=customer.pk, by=by, at=at))
