"""Identity checks by two agents: the first notes what they see, the second decides on that."""

from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import IdentityCheck
from accounts.proofing import facts, forms
from accounts.proofing.flows import desk
from accounts.proofing.policy import CHECKERS
from accounts.proofing.shapes import State, Why
from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock, reference
from ciam_portal.core.words import masked

_CHANGE = "accounts_identitycheck_change"
_STATES = {
    State.STARTED: lazy("Waits for the person and their document"),
    State.NOTED: lazy("Waits for a second person"),
    State.PASSED: lazy("Confirmed"),
    State.FAILED: lazy("Not confirmed"),
    State.WITHDRAWN: lazy("Stopped by the customer"),
    State.EXPIRED: lazy("Not finished in time"),
}


@admin.register(IdentityCheck)
class IdentityChecks(Looking):
    """Found by the number that the customer reads aloud; the record is opened for it."""

    roles = CHECKERS
    because = WhyLook.IDENTITY_CHECK
    hidden = frozenset({"secret", "sealed", "noted", "document"})
    list_display = ("number", "provider", "state", "started_at", "expires_at")
    list_filter = ("state",)
    search_fields: ClassVar[tuple[str, ...]] = ("id__exact",)
    ordering: ClassVar[tuple[str, ...]] = ("-started_at",)

    @admin.display(description=lazy("reference"))
    def number(self, check: IdentityCheck) -> str:
        """As the customer reads it."""
        return check.reference

    def get_urls(self) -> list[URLPattern]:
        """Noting and deciding."""
        note = self.verb(self.note, lazy("Note who this is"))
        decide = self.verb(self.decide, lazy("Decide who this is"), forms.Decide, "do", "why")
        return [
            path("<uuid:check_id>/note/", note, name="accounts_identitycheck_note"),
            path("<uuid:check_id>/decide/", decide, name="accounts_identitycheck_decide"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What was noted, and the forms."""
        check, stopped = self.opened(request, object_id)
        return stopped if check is None else self._page(request, check, forms.Note(), forms.Decide())

    def note(self, request: HttpRequest, check_id: UUID) -> HttpResponse:
        """What the document says. It is typed again after a step-up: nothing of it is kept meanwhile."""
        person, session, by = self.acting(request)
        check, form = get_object_or_404(IdentityCheck, pk=check_id), forms.Note(request.POST)
        if not form.is_valid():
            return self._page(request, check, form, forms.Decide())
        return self.do(
            request, lambda: desk.note(check, form.shown(), person, session, by=by, at=clock.now()),
            _("Noted. Somebody else looks at the person and the document, and decides."), _CHANGE, check.pk,
        )  # fmt: skip

    def decide(self, request: HttpRequest, check_id: UUID) -> HttpResponse:
        """The second person."""
        person, session, by = self.acting(request)
        check, form = get_object_or_404(IdentityCheck, pk=check_id), forms.Decide(request.POST)
        if not form.is_valid():
            return self._page(request, check, forms.Note(), form)
        why = Why(form.cleaned_data["why"]) if form.cleaned_data["do"] == "fail" else None
        return self.do(
            request, lambda: desk.decide(check, why, person, session, by=by, at=clock.now()),
            _("Decided. The customer is told."), _CHANGE, check.pk,
        )  # fmt: skip

    def _page(self, request: HttpRequest, check: IdentityCheck, note: forms.Note, decide: forms.Decide) -> HttpResponse:
        if (stopped := self.through_record(request, check.customer_id)) is not None:
            return stopped
        names = people.names([check.noted_by, check.decided_by])
        attended, live = check.provider == "attended", check.expires_at > clock.now()
        return self.show(
            request,
            "admin/identity_check.html",
            title=_("Identity check"),
            check=check,
            state=_STATES[State(check.state)],
            customer=masked(check.customer.email),
            called=reference.of(check.customer_id),
            noted=facts.noted(check),
            noted_by=names.get(check.noted_by, "") if check.noted_by else "",
            decided_by=names.get(check.decided_by, "") if check.decided_by else "",
            takes_note=attended and live and check.state == State.STARTED,
            takes_decision=attended and live and check.state == State.NOTED and check.noted_by != request.user.pk,
            note_form=note,
            decide_form=decide,
        )
