"""Removals of owners that are objected to, as the help desk looks at them: one proposes, another decides."""

from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, reference
from ciam_portal.core.privileges import DESK
from ciam_portal.core.words import masked
from consent.business import flows, forms
from consent.business.models import BusinessMember, BusinessRemoval
from consent.business.shapes import Removal, Verdict

_CHANGE = "consent_businessremoval_change"


@admin.register(BusinessRemoval)
class Removals(Looking):
    """Looked at, proposed about and decided; the record of the business is opened for it."""

    roles = DESK
    about = "business_id"
    because = WhyLook.DISPUTE
    list_display = ("asked_at", "state", "verdict", "whom")
    list_filter = ("state",)
    ordering: ClassVar[tuple[str, ...]] = ("-asked_at",)

    @admin.display(description=lazy("business"))
    def whom(self, removal: BusinessRemoval) -> str:
        """Which one, by what its owners can be asked for."""
        return reference.of(removal.business_id)

    def get_urls(self) -> list[URLPattern]:
        """Proposing and deciding."""
        propose = self.verb(self.propose, lazy("Propose what becomes of an owner"), forms.Propose, "verdict")
        settle = self.verb(self.settle, lazy("Decide about an owner"), forms.Settle, "verdict")
        return [
            path("<uuid:removal_id>/propose/", propose, name="consent_businessremoval_propose"),
            path("<uuid:removal_id>/settle/", settle, name="consent_businessremoval_settle"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """Who asks for whose removal, since when, and the forms."""
        found, stopped = self.opened(request, object_id)
        return stopped if found is None else self._page(request, found)

    def propose(self, request: HttpRequest, removal_id: UUID) -> HttpResponse:
        """The first of two people."""
        person, session, by = self.acting(request)
        found, form = get_object_or_404(BusinessRemoval, pk=removal_id), forms.Propose(request.POST)
        if not form.is_valid():
            return self._page(request, found)
        verdict = Verdict(form.cleaned_data["verdict"])
        return self.do(
            request,
            lambda: flows.propose(found, verdict, person, session, by=by, at=clock.now()),
            _("Proposed. Somebody else has to decide."),
            _CHANGE,
            found.pk,
        )

    def settle(self, request: HttpRequest, removal_id: UUID) -> HttpResponse:
        """The second; without a verdict it goes back."""
        person, session, by = self.acting(request)
        found, form = get_object_or_404(BusinessRemoval, pk=removal_id), forms.Settle(request.POST)
        if not form.is_valid():
            return self._page(request, found)
        agrees = form.cleaned_data["verdict"]
        return self.do(
            request,
            lambda: flows.settle(
                found, agrees, person, session, by=by, at=clock.now()
            ),
            _("Noted. The owners are told what was decided."),
            _CHANGE,
            found.pk,
        )  # fmt: skip

    def _page(self, request: HttpRequest, found: BusinessRemoval) -> HttpResponse:
        if (stopped := self.through_record(request, found.business_id)) is not None:
            return stopped
        rows = BusinessMember.objects.filter(pk__in=[found.who_id, found.by_id]).select_related("person")
        people_of = {each.pk: masked(each.person.email) for each in rows if each.person is not None}
        staff = [each for each in (found.proposed_by, found.decided_by) if each is not None]
        names = people.names(staff)
        return self.show(
            request,
            "admin/business_removal.html",
            title=_("Removal of an owner"),
            found=found,
            who=people_of.get(found.who_id, ""),
            by=people_of.get(found.by_id, ""),
            owners=BusinessMember.objects.owners().filter(business=found.business_id).count(),
            waits=found.state == Removal.OBJECTED,
            form=forms.Propose(),
            proposed_by=names.get(found.proposed_by, "") if found.proposed_by else "",
            decided_by=names.get(found.decided_by, "") if found.decided_by else "",
        )
