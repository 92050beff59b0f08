"""Accounts that look like one person's: two of the staff say what is the case."""

from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import IdentityEvidence, IdentityTwin
from accounts.proofing import forms
from accounts.proofing.flows import evidence as flows
from accounts.proofing.policy import CHECKERS
from accounts.proofing.shapes import Found
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, reference


@admin.register(IdentityTwin)
class IdentityTwins(Looking):
    """Oldest first. The record of whose evidence waits is opened for it; the other one's is a step of its own."""

    roles = CHECKERS
    because = WhyLook.IDENTITY_CHECK
    list_display = ("opened_at", "whom", "proposed", "settled_at")
    ordering: ClassVar[tuple[str, ...]] = ("opened_at",)

    @admin.display(description=lazy("customer"))
    def whom(self, twin: IdentityTwin) -> str:
        """Whom, by what they can be asked for."""
        return reference.of(twin.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """Saying what is the case."""
        find = self.verb(self.find, lazy("Say what you found"), forms.Find, "found")
        return [path("<uuid:twin_id>/find/", find, name="accounts_identitytwin_find"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What both have in common, and the form."""
        twin, stopped = self.opened(request, object_id)
        return stopped if twin is None else self._page(request, twin, forms.Find())

    def find(self, request: HttpRequest, twin_id: UUID) -> HttpResponse:
        """What one says and another says too is decided."""
        person, session, by = self.acting(request)
        twin, form = get_object_or_404(IdentityTwin, pk=twin_id), forms.Find(request.POST)
        if not form.is_valid():
            return self._page(request, twin, form)
        found = Found(form.cleaned_data["found"])
        return self.do(
            request, lambda: flows.find(twin, found, person, session, by=by, at=clock.now()),
            _("Noted. It is decided once two people have said the same."), "accounts_identitytwin_change", twin.pk,
        )  # fmt: skip

    def _page(self, request: HttpRequest, twin: IdentityTwin, form: forms.Find) -> HttpResponse:
        if (stopped := self.through_record(request, twin.customer_id)) is not None:
            return stopped
        mine = IdentityEvidence.objects.filter(pk=twin.evidence).first()
        theirs = IdentityEvidence.objects.filter(customer=twin.other_id).order_by("-given_at").first()
        names = people.names([twin.proposed_by, twin.settled_by])
        return self.show(
            request,
            "admin/identity_twin.html",
            title=_("Two accounts that look like one person's"),
            twin=twin,
            mine=mine,
            customer=reference.of(twin.customer_id),
            other=reference.of(twin.other_id) if twin.other_id else "",
            same_document=bool(mine and theirs and mine.number and mine.number == theirs.number),
            same_person=bool(mine and theirs and mine.person == theirs.person),
            proposed_by=names.get(twin.proposed_by, "") if twin.proposed_by else "",
            settled_by=names.get(twin.settled_by, "") if twin.settled_by else "",
            form=form,
        )
