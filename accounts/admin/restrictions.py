"""Restrictions on a customer's opened record: what there is, and the forms that restrict, end and review."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.admin.looking import Looking
from accounts.admin.verbs import Verbs
from accounts.flows import restrictions as flows
from accounts.forms.staff import Restrict, Review
from accounts.models import Restriction, User
from accounts.policy.restriction import RESTRICTERS, REVIEWERS, Kind, Verdict, Wanted, WhyRestrict
from ciam_portal import clock
from ciam_portal.policy import limits
from ciam_portal.roles import Role, roles_of, standing_roles_of

_RECORD = "accounts_user_change"


class RestrictionPages(Verbs):
    """The part of the page of customers that is about restrictions. Every change is a POST; the flows ask who may."""

    def restriction_urls(self) -> list[URLPattern]:
        """Restricting, ending and reviewing."""
        restrict, end, review = (
            self.admin_site.admin_view(require_POST(view))
            for view in (self.restrict, self.end_restriction, self.review_restriction)
        )
        one = "<uuid:customer_id>/restrictions/<uuid:restriction_id>"
        return [
            path("<uuid:customer_id>/restrict/", restrict, name="accounts_user_restrict"),
            path(f"{one}/end/", end, name="accounts_user_end_restriction"),
            path(f"{one}/review/", review, name="accounts_user_review_restriction"),
        ]

    def restriction_words(self, request: HttpRequest, customer: User) -> dict[str, Any]:
        """What the record's page shows of them."""
        person, at = cast("User", request.user), clock.now()
        may_restrict = bool(roles_of(person) & RESTRICTERS)
        may_review = bool(standing_roles_of(person) & REVIEWERS)
        rows = []
        for row in Restriction.objects.filter(customer=customer).order_by("-starts_at"):
            reviews = may_review and row.reviewed_at is None and row.made_by != person.pk
            live = row.is_live(at)
            # Whoever may review it ends it by that, so that it is looked at once.
            rows.append({
                "row": row, "is_live": live, "may_review": reviews, "may_end": may_restrict and live and not reviews,
            })  # fmt: skip
        rules = limits.running().staff
        return {
            "restrictions": rows,
            "restrict_form": Restrict() if may_restrict else None,
            "most_days": rules.restriction_days,
            "review_hours": rules.restriction_review_hours,
            "customer_id": customer.pk,
        }

    def restrict(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """Suspend, or ask for more proof, for a number of days."""
        person, session, by = self.acting(request)
        customer, form = get_object_or_404(User, pk=customer_id), Restrict(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was done. Choose what, why, and for how many days."))
            return self._back(customer_id)
        said = form.cleaned_data
        wanted = Wanted(Kind(said["kind"]), WhyRestrict.of(said["reason"]), said["days"])
        return self.do(
            request,
            lambda: flows.restrict(customer, wanted, person, session, by=by, at=clock.now()),
            _("The restriction holds now, and the customer is told. Somebody else has to review it."),
            _RECORD,
            customer_id,
        )

    def end_restriction(self, request: HttpRequest, customer_id: UUID, restriction_id: UUID) -> HttpResponse:
        """It ends before its time."""
        person, session, by = self.acting(request)
        found = get_object_or_404(Restriction, pk=restriction_id, customer=customer_id)
        return self.do(
            request,
            lambda: flows.end(found, person, session, by=by, at=clock.now()),
            _("The restriction is ended, and the customer is told."),
            _RECORD,
            customer_id,
        )

    def review_restriction(self, request: HttpRequest, customer_id: UUID, restriction_id: UUID) -> HttpResponse:
        """Somebody else says whether it was right."""
        person, session, by = self.acting(request)
        found, form = get_object_or_404(Restriction, pk=restriction_id, customer=customer_id), Review(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was done. Say whether it stands or ends."))
            return self._back(customer_id)
        verdict = Verdict(form.cleaned_data["verdict"])
        return self.do(
            request,
            lambda: flows.review(found, verdict, person, session, by=by, at=clock.now()),
            _("The review is noted."),
            _RECORD,
            customer_id,
        )

    @staticmethod
    def _back(customer_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"admin:{_RECORD}", args=[customer_id]))


@admin.register(Restriction)
class Restrictions(Looking):
    """Every restriction there was, for those who watch. The verbs are on the customer's record."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("starts_at", "kind", "reason", "until", "review_due_at", "reviewed_at", "ended_at", "made_by")
    list_filter = ("kind", "reason")
