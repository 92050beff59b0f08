"""Held sign-ups, as staff look at them and decide."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
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


class Floods(admin.SimpleListFilter):
    """Unless all are asked for, one line for each network."""

    title = lazy("lines")
    parameter_name = "each"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """The other way."""
        return [("1", lazy("Each by itself"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[HeldSignUp]) -> QuerySet[HeldSignUp]:
        """The oldest of each flood."""
        keys = HeldSignUp.objects.first_of_each().values("pk")
        return queryset if self.value() else queryset.filter(pk__in=keys)


@admin.register(HeldSignUp)
class HeldSignUps(Looking):
    """Looked at, oldest first, and decided with what was found."""

    roles = REVIEWERS
    because = WhyLook.SUSPECTED_FRAUD
    ordering = ("due_at",)
    list_display = ("due_at", "opened_at", "state", "found", "appealed_at", "whom", "alike")
    list_filter = ("state", Floods)
    search_fields = ("decision__exact", "id__exact")

    @admin.display(description=_("applicant"))
    def whom(self, held: HeldSignUp) -> str:
        """Whom, by what they can be asked for on the phone."""
        return reference.of(held.customer_id)

    @admin.display(description=_("waiting from its network"))
    def alike(self, held: HeldSignUp) -> int:
        """This one included; 0: it stands for itself."""
        return getattr(held, "flood", None) or 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[HeldSignUp]:
        """Each with how many wait from its network."""
        alike = HeldSignUp.objects.alike(OuterRef("network")).order_by().values("network")
        fresh = Q(state=HeldSignUp.State.OPEN, appealed_at__isnull=True)
        flood = Case(When(fresh, then=Subquery(alike.annotate(n=Count("pk")).values("n"))))
        found: QuerySet[HeldSignUp] = super().get_queryset(request).annotate(flood=flood)
        return found

    def get_urls(self) -> list[URLPattern]:
        """Two more pages: deciding about one, and about a flood."""
        decide = self.verb(self.review, lazy("Decide about this sign-up"), Review, "found")
        flood = self.verb(self.review_alike, lazy("Decide about a flood of sign-ups"), Review, "found")
        return [
            path("<uuid:held_id>/review/", decide, name="accounts_heldsignup_review"),
            path("<uuid:held_id>/review-alike/", flood, name="accounts_heldsignup_review_alike"),
            *super().get_urls(),
        ]

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
        return self._decide(request, held_id, flows.review)

    def review_alike(self, request: HttpRequest, held_id: UUID) -> HttpResponse:
        """The same about all that wait from its network."""
        return self._decide(request, held_id, flows.review_alike)

    def _decide(self, request: HttpRequest, held_id: UUID, verb: Callable[..., object]) -> HttpResponse:
        person, session, by = self.acting(request)
        held = get_object_or_404(HeldSignUp.objects.select_related("customer"), pk=held_id)
        form = Review(request.POST)
        if not form.is_valid():
            return self._page(request, held, form)
        found = HeldSignUp.Found(form.cleaned_data["found"])
        return self.do(
            request,
            lambda: verb(held, found, person, session, by=by, at=clock.now()),
            _("Decided. Whoever it is about is told."),
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
            alike=HeldSignUp.objects.alike(held.network).count() if held.appealed_at is None else 0,
        )
