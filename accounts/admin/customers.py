"""Customers, as the help desk finds and reads them: by an exact address or number, and more only with a reason."""

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
from django.views.decorators.http import require_POST

from accounts import factors, facts
from accounts.admin.restrictions import RestrictionPages
from accounts.flows import staff
from accounts.forms.staff import Find, Open
from accounts.models import Session, User
from accounts.policy.staff import LOOKERS, WhyLook
from accounts.signing import session_of
from ciam_portal import clock, flow, gate
from ciam_portal.audit import decide as decisions
from ciam_portal.policy import limits
from ciam_portal.policy.catalogue import Action
from ciam_portal.policy.decision import Allow
from ciam_portal.roles import Role, roles_of
from ciam_portal.words import masked


def summary(customer: User) -> dict[str, Any]:
    """What is shown before a reason was given."""
    last = Session.objects.filter(customer=customer).aggregate(last=Max("started_at"))["last"]
    return {
        "id": customer.pk,
        "reference": customer.reference,
        "address": masked(customer.email),
        "initials": " ".join(f"{part[0].upper()}." for part in customer.name.split()[:3]),
        "created": f"{customer.created_at:%Y-%m}",
        "factors": len(factors.second_factors(customer)),
        "last": f"{last:%Y-%m-%d}" if last else "",
    }


@admin.register(User)
class Users(RestrictionPages):
    """Found, and looked at with a reason; never listed, exported or edited."""

    roles = LOOKERS
    hidden = frozenset({"password", "is_superuser"})
    change_form_template = "admin/customer_record.html"

    def get_urls(self) -> list[URLPattern]:
        """More pages: opening a record, and what is done with restrictions on it."""
        view = self.admin_site.admin_view(require_POST(self.open))
        return [
            path("<uuid:customer_id>/open/", view, name="accounts_user_open"),
            *self.restriction_urls(),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002  (Django's signature)
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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The record, if this session has opened it lately; before that the summary, and the question why."""
        customer = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, customer):
            raise PermissionDenied
        if customer is None:
            raise Http404
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if not staff.is_opened(customer.pk, session_of(request), clock.now()):
            return self._closed(request, customer, Open())
        self._still_allowed(request, customer)
        more = (extra_context or {}) | self.restriction_words(request, customer)
        more["is_agent"] = Role.AGENT in roles_of(request.user)
        return super().change_view(request, object_id, form_url, more)

    def history_view(self, *_args: object, **_kwargs: object) -> HttpResponse:
        """Nothing is changed in this site, so there is none."""
        raise Http404

    def open(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """The reason is given: the record stays open to this session for a short while."""
        person, session, by = self.acting(request)
        customer, form = get_object_or_404(User, pk=customer_id), Open(request.POST)
        if not form.is_valid():
            return self._closed(request, customer, form)
        reason = WhyLook.of(form.cleaned_data["reason"])
        return self.do(
            request,
            lambda: staff.open_record(customer, reason, person, session, by=by, at=clock.now()),
            "",
            "accounts_user_change",
            customer.pk,
        )

    def _closed(self, request: HttpRequest, customer: User, form: Open) -> HttpResponse:
        self.seen(request, customer.pk)
        return self.show(request, "admin/customer.html", title=_("Customer"), customer=summary(customer), form=form)

    def _still_allowed(self, request: HttpRequest, customer: User) -> None:
        """The session may have become risky, or stale, since. Raises ProveMore, OnHold, Refused."""
        (person, session, by), at = self.acting(request), clock.now()
        asked = facts.for_action(person, session, by=by, at=at)
        if not isinstance(gate.decide(Action.STAFF_OPEN_RECORD, asked, limits=limits.running(), at=at), Allow):
            flow.go_on(decisions.weigh(Action.STAFF_OPEN_RECORD, asked, about=customer.pk, by=by, at=at))
