"""Successions as the help desk looks at them: what was seen is noted, one proposes, another approves."""

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
from recovery.models import Succession
from recovery.succession import flows, forms
from recovery.succession.policy import WhyRejected
from recovery.succession.shapes import LIVE, How, Seen, State

_CHANGE = "recovery_succession_change"


@admin.register(Succession)
class Successions(Looking):
    """Looked at and decided; the record of the customer is opened for it."""

    roles = DESK
    because = WhyLook.RECOVERY
    list_display = ("opened_at", "kind", "state", "ready_at", "whom")
    list_filter = ("state", "kind")
    ordering: ClassVar[tuple[str, ...]] = ("-opened_at",)

    @admin.display(description=lazy("customer"))
    def whom(self, case: Succession) -> str:
        """Whom, by what they can be asked for."""
        return reference.of(case.customer_id)

    def get_urls(self) -> list[URLPattern]:
        """Noting, proposing, approving and saying no."""
        note = self.verb(self.note, lazy("Note what was seen"), forms.Note, "seen", "how")
        propose = self.verb(self.propose, lazy("Propose that a successor may act"))
        approve = self.verb(self.approve, lazy("Approve that a successor may act"))
        reject = self.verb(self.reject, lazy("Say no to a successor"), forms.Reject, "reason")
        return [
            path("<uuid:case_id>/note/", note, name="recovery_succession_note"),
            path("<uuid:case_id>/propose/", propose, name="recovery_succession_propose"),
            path("<uuid:case_id>/approve/", approve, name="recovery_succession_approve"),
            path("<uuid:case_id>/reject/", reject, name="recovery_succession_reject"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What is said, what was seen, and the forms."""
        found, stopped = self.opened(request, object_id)
        return stopped if found is None else self._page(request, found)

    def note(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """What was seen, and how."""
        person, session, by = self.acting(request)
        found, form = get_object_or_404(Succession, pk=case_id), forms.Note(request.POST)
        if not form.is_valid():
            return self._page(request, found)
        seen, how = Seen(form.cleaned_data["seen"]), How(form.cleaned_data["how"])
        return self.do(
            request, lambda: flows.note(found, seen, how, person, session, by=by, at=clock.now()), _("Noted."),
            _CHANGE, found.pk,
        )  # fmt: skip

    def propose(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """The first of two people."""
        person, session, by = self.acting(request)
        found = get_object_or_404(Succession, pk=case_id)
        return self.do(
            request, lambda: flows.propose(found, person, session, by=by, at=clock.now()),
            _("Proposed. Somebody else has to approve it."), _CHANGE, found.pk,
        )  # fmt: skip

    def approve(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """The second."""
        person, session, by = self.acting(request)
        found = get_object_or_404(Succession, pk=case_id)
        return self.do(
            request, lambda: flows.approve(found, person, session, by=by, at=clock.now()),
            _("Approved. It waits now, and the customer is told again and again."), _CHANGE, found.pk,
        )  # fmt: skip

    def reject(self, request: HttpRequest, case_id: UUID) -> HttpResponse:
        """No."""
        person, session, by = self.acting(request)
        found, form = get_object_or_404(Succession, pk=case_id), forms.Reject(request.POST)
        if not form.is_valid():
            return self._page(request, found)
        why = WhyRejected(form.cleaned_data["reason"])
        return self.do(
            request, lambda: flows.reject(found, why, person, session, by=by, at=clock.now()),
            _("Rejected. Both are told."), _CHANGE, found.pk,
        )  # fmt: skip

    def _page(self, request: HttpRequest, found: Succession) -> HttpResponse:
        if (stopped := self.through_record(request, found.customer_id)) is not None:
            return stopped
        notes = list(found.notes.order_by("at"))
        staff = [each for each in (found.proposed_by, found.approved_by, *(row.by for row in notes)) if each]
        names = people.names(staff)
        return self.show(
            request,
            "admin/succession.html",
            title=_("Succession"),
            found=found,
            notes=[{"row": row, "by": names.get(row.by, "")} for row in notes],
            customer=masked(found.customer.email),
            successor=masked(found.successor.address),
            is_open=found.state == State.OPEN,
            is_proposed=found.state == State.PROPOSED,
            is_live=found.state in LIVE,
            note_form=forms.Note(),
            reject_form=forms.Reject(),
            proposed_by=names.get(found.proposed_by, "") if found.proposed_by else "",
            approved_by=names.get(found.approved_by, "") if found.approved_by else "",
        )
