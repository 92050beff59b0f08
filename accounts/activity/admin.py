"""What customers dispute, as staff read and close it."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.activity.flows import dispute as flows
from accounts.activity.forms import CloseDispute
from accounts.models import Change, Dispute, Restriction, Session
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, explain, reference
from ciam_portal.core.audit import why
from ciam_portal.core.roles import Role
from ciam_portal.core.words import masked


@admin.register(Dispute)
class Disputes(Looking):
    """Looked at, and closed with a code that says what was found; the account stays as it is."""

    roles = frozenset({Role.AGENT, Role.APPROVER})
    because = WhyLook.DISPUTE
    list_display = (
        "opened_at",
        "kind",
        "state",
        "outcome",
        "whom",
    )
    list_filter = (
        "state",
        "kind",
    )
    search_fields = (
        "decision__exact",
        "id__exact",
    )

    @admin.display(description=_("customer"))
    def whom(self, dispute: Dispute) -> str:
        """Whom, by what they can be asked for on the phone."""
        return reference.of(dispute.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """One more page: closing."""
        close = self.verb(self.close, lazy("Close this dispute"), CloseDispute, "outcome")
        return [path("<uuid:dispute_id>/close/", close, name="accounts_dispute_close"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What the customer asks about, in words for the help desk, and the form that closes it."""
        dispute = self.get_object(request, object_id)
        if not self.has_view_permission(request, dispute):
            raise PermissionDenied
        if dispute is None:
            raise Http404
        return self._page(request, dispute, CloseDispute())

    def close(self, request: HttpRequest, dispute_id: UUID) -> HttpResponse:
        """The answer of the help desk."""
        person, session, by = self.acting(request)
        dispute = get_object_or_404(Dispute.objects.select_related("customer"), pk=dispute_id)
        form = CloseDispute(request.POST)
        if not form.is_valid():
            return self._page(request, dispute, form)
        outcome = Dispute.Outcome(form.cleaned_data["outcome"])
        return self.do(
            request,
            lambda: flows.close(dispute, outcome, person, session, by=by, at=clock.now()),
            _("Closed. The customer is told."),
            "accounts_dispute_change",
            dispute.pk,
        )

    def _page(self, request: HttpRequest, dispute: Dispute, form: CloseDispute) -> HttpResponse:
        """It shows a session and a decision of the customer, so it is their record that is opened."""
        self.through_record(request, dispute.customer_id)
        taken_back = [dispute.change] if dispute.change else []
        change = Change.objects.filter(pk__in=taken_back, customer=dispute.customer_id).first()
        behind = dispute.session or (change.session if change else None)
        session = [behind] if behind else []
        decision = why.own(dispute.decision, dispute.customer_id)
        restricted = Restriction.objects.filter(customer=dispute.customer_id, decision=dispute.decision)
        return self.show(
            request,
            "admin/dispute.html",
            title=dispute.get_kind_display(),
            dispute=dispute,
            form=form,
            decision=decision,
            reference=reference.of(dispute.decision or dispute.pk),
            doing=explain.doing(decision.action) if decision else "",
            because=explain.for_agent(decision) if decision else [],
            change=change,
            restriction=restricted.first() if dispute.decision else None,
            customer=masked(dispute.customer.email),
            closed_by=people.names([dispute.closed_by]).get(dispute.closed_by, "") if dispute.closed_by else "",
            session=Session.objects.filter(pk__in=session, customer=dispute.customer_id).first(),
        )
