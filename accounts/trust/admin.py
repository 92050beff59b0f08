"""Accounts that wait for evidence, as staff look at them; and the mail domains that were passed."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Beginning, PassedDomain
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.admin.verbs import Verbs
from accounts.staff.policy import WhyLook
from accounts.trust import facts, flows
from accounts.trust.forms import Pass
from accounts.trust.policy import PASSERS, WhyPass
from ciam_portal.core import clock, explain, reference
from ciam_portal.core.audit.models import DecisionEntry


@admin.register(Beginning)
class Beginnings(Looking):
    """Looked at by mail domain; a domain that is known is passed whole."""

    roles = PASSERS
    because = WhyLook.SUSPECTED_FRAUD
    ordering = ("-proven_at",)
    list_display = ("domain", "proven_at", "waits", "whom")
    list_filter = ("waits",)
    search_fields = ("domain__exact",)

    @admin.display(description=_("account"))
    def whom(self, row: Beginning) -> str:
        """Whose, by what they can be asked for on the phone."""
        return reference.of(row.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """One more page: passing its domain."""
        verb = self.verb(self.pass_domain, lazy("Pass this mail domain"), Pass, "reason")
        return [path("<uuid:customer>/pass/", verb, name="accounts_beginning_pass_domain"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """Why it waits, how many others there are, and the form that passes the domain."""
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        return self._page(request, row, Pass())

    def pass_domain(self, request: HttpRequest, customer: UUID) -> HttpResponse:
        """Its domain is known."""
        person, session, by = self.acting(request)
        row, form = get_object_or_404(Beginning, pk=customer), Pass(request.POST)
        if not form.is_valid():
            return self._page(request, row, form)
        reason = WhyPass(form.cleaned_data["reason"])
        return self.do(
            request,
            lambda: flows.pass_domain(row, reason, person, session, by=by, at=clock.now()),
            _("Passed. Nobody with an address there waits now."),
            "accounts_beginning_change",
            row.pk,
        )

    def _page(self, request: HttpRequest, row: Beginning, form: Pass) -> HttpResponse:
        self.through_record(request, row.customer_id)
        decision = DecisionEntry.objects.filter(pk=row.decision).first() if row.decision else None
        there = Beginning.objects.filter(domain=row.domain)
        return self.show(
            request,
            "admin/beginning.html",
            title=_("Account that waits for evidence"),
            row=row,
            form=form,
            because=explain.for_agent(decision) if decision else [],
            there=there.count(),
            waiting=there.filter(waits=True).count(),
            passed=PassedDomain.objects.filter(domain=row.domain).first(),
        )


@admin.register(PassedDomain)
class PassedDomains(Verbs):
    """Which were passed, when and why; and taking that back. Never edited."""

    roles = PASSERS
    ordering = ("domain",)
    list_display = ("domain", "reason", "passed_at")
    search_fields = ("domain__exact",)

    def get_urls(self) -> list[URLPattern]:
        """One more page: it was wrong."""
        verb = self.verb(self.take_back, lazy("Take back that this mail domain was passed"))
        return [path("<uuid:passed>/take-back/", verb, name="accounts_passeddomain_take_back"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """Who passed it, whom that let go on, and the button that takes it back."""
        row = self.found(request, object_id)
        names, let = people.names([row.passed_by]), facts.let_by(row).count()
        context = {"row": row, "passed_by": names.get(row.passed_by, ""), "let": let}
        return self.show(request, "admin/passed_domain.html", title=_("Passed mail domain"), **context)

    def take_back(self, request: HttpRequest, passed: UUID) -> HttpResponse:
        """It counts like any other again."""
        person, session, by = self.acting(request)
        row = get_object_or_404(PassedDomain, pk=passed)
        return self.do(
            request,
            lambda: flows.take_back(row, person, session, by=by, at=clock.now()),
            _("Taken back. Whoever went on because of it waits again."),
            "accounts_passeddomain_changelist",
        )
