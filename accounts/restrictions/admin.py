"""Restrictions on a customer's opened record: what there is, and the forms that restrict, end and review."""

from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Restriction, User
from accounts.restrictions import flows, policy
from accounts.restrictions.policy import RESTRICTERS, RestrictionKind, Verdict, Wanted, WhyRestrict
from accounts.staff.admin.looking import Looking
from accounts.staff.admin.record import Part, Record
from accounts.staff.admin.verbs import Verbs
from accounts.staff.forms import Restrict, Review
from ciam_portal.core import clock, reference
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.core.roles import Role
from ciam_portal.core.words import sentence

_RECORD = "accounts_user_change"
_SOME = 10


def part(record: Record) -> Part:
    """Restrictions on the customer's record, with what this member of staff may do about them now."""
    customer, viewer, rules = record.customer, record.viewer, limits.current()
    asking = flows.asker(customer, viewer.user, viewer.session, viewer.at)
    found, rows = list(Restriction.objects.filter(customer=customer).order_by("-starts_at")[:_SOME]), []
    for row in found:
        stands = flows.standing(row, viewer.at)
        reviews, ends = (
            isinstance(may(stands, asking, limits=rules, at=viewer.at), Allow)
            for may in (policy.may_review, policy.may_end)
        )
        # Whoever may review it ends it by that, so that it is looked at once.
        rows.append({
            "row": row, "reference": reference.of(row.decision), "is_live": stands.is_live,
            "may_review": reviews, "may_end": ends and not reviews,
        })  # fmt: skip
    unreviewed = {row.kind for row in found if row.reviewed_at is None}
    may = {
        kind: policy.may_restrict(
            policy.RestrictFacts(
                customer.pk, customer.is_staff, 1, unreviewed=kind in unreviewed, within_budget=True,
                kind=kind, reason=WhyRestrict.LEGAL_DUTY,
            ),
            asking, limits=rules, at=viewer.at,
        )
        for kind in RestrictionKind
    }  # fmt: skip
    open_to = [kind for kind, answer in may.items() if isinstance(answer, Allow)]
    no = next((answer for answer in may.values() if isinstance(answer, Deny)), None)
    is_theirs = bool(RESTRICTERS & viewer.roles)
    context = {
        "restrictions": rows,
        "restrict_form": Restrict(kinds=open_to) if open_to else None,
        "why_not": sentence(no.reason) if no is not None and is_theirs else "",
        "most_days": rules.staff.restriction_days,
        "hold_days": rules.erasure.hold_days,
        "review_hours": rules.staff.restriction_review_hours,
        "customer_id": customer.pk,
    }
    return Part("restrictions", _("Restrictions"), template="admin/_restrictions.html", words=context)


class RestrictionPages(Verbs):
    """The part of the page of customers that is about restrictions. Every change is a POST; the flows ask who may."""

    def restriction_urls(self) -> list[URLPattern]:
        """Restricting, ending and reviewing."""
        restrict = self.verb(self.restrict, lazy("Restrict this customer"), Restrict, "kind", "reason", "days")
        end = self.verb(self.end_restriction, lazy("End this restriction"))
        review = self.verb(self.review_restriction, lazy("Review this restriction"), Review, "verdict")
        one = "<uuid:customer_id>/restrictions/<uuid:restriction_id>"
        return [
            path("<uuid:customer_id>/restrict/", restrict, name="accounts_user_restrict"),
            path(f"{one}/end/", end, name="accounts_user_end_restriction"),
            path(f"{one}/review/", review, name="accounts_user_review_restriction"),
        ]

    def restrict(self, request: HttpRequest, customer_id: UUID) -> HttpResponse:
        """Suspend, or ask for more proof, for a number of days."""
        person, session, by = self.acting(request)
        customer, form = get_object_or_404(User, pk=customer_id), Restrict(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was done. Choose what, why, and for how many days."))
            return self._back(customer_id)
        said = form.cleaned_data
        wanted = Wanted(RestrictionKind(said["kind"]), WhyRestrict(said["reason"]), said["days"])
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
