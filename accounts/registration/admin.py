"""Held sign-ups, as staff look at them and decide."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import HeldSignUp
from accounts.registration import facts, flows
from accounts.registration.forms import Review
from accounts.registration.policy import REVIEWERS
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, explain, mailbox, reference
from ciam_portal.core.audit.models import DecisionEntry


@admin.register(HeldSignUp)
class HeldSignUps(Looking):
    """Looked at, oldest first, and decided with what was found."""

    roles = REVIEWERS
    because = WhyLook.SUSPECTED_FRAUD
    ordering = ("due_at",)
    list_display = ("due_at", "opened_at", "state", "found", "appealed_at", "whom")
    list_filter = ("state",)
    search_fields = ("decision__exact", "id__exact")

    @admin.display(description=_("applicant"))
    def whom(self, held: HeldSignUp) -> str:
        """Whom, by what they can be asked for on the phone."""
        return reference.of(held.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """One more page: deciding."""
        decide = self.verb(self.review, lazy("Decide about this sign-up"), Review, "found")
        return [path("<uuid:held_id>/review/", decide, name="accounts_heldsignup_review"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What held it, what it has in common with others, and the form that decides."""
        held = self.get_object(request, object_id)
        if not self.has_view_permission(request, held):
            raise PermissionDenied
        if held is None:
            raise Http404
        return self._page(request, held, Review())

    def review(self, request: HttpRequest, held_id: UUID) -> HttpResponse:
        """What was found decides."""
        person, session, by = self.acting(request)
        held = get_object_or_404(HeldSignUp.objects.select_related("customer"), pk=held_id)
        form = Review(request.POST)
        if not form.is_valid():
            return self._page(request, held, form)
        found = HeldSignUp.Found(form.cleaned_data["found"])
        return self.do(
            request,
            lambda: flows.review(held, found, person, session, by=by, at=clock.now()),
            _("Decided. The applicant is told."),
            "accounts_heldsignup_change",
            held.pk,
        )

    def _page(self, request: HttpRequest, held: HeldSignUp, form: Review) -> HttpResponse:
        self.through_record(request, held.customer_id)
        decision = DecisionEntry.objects.filter(pk=held.decision).first()
        return self.show(
            request,
            "admin/held_sign_up.html",
            title=_("Held sign-up"),
            held=held,
            form=form,
            is_late=held.is_open and clock.now() >= held.due_at,
            because=explain.for_agent(decision) if decision else [],
            domain=mailbox.shown(held.customer.email).rpartition("@")[2],
            closed_by=people.names([held.closed_by]).get(held.closed_by, "") if held.closed_by else "",
            related=facts.related(held),
        )
