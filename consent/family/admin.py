"""Children and removals of guardians, as our staff read them and decide."""

from collections.abc import Callable
from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.staff.admin import people
from accounts.staff.admin.looking import Looking
from accounts.staff.policy import LOOKERS
from ciam_portal.core import clock, reference
from consent.family import facts, lines
from consent.family.flows import protection, removal
from consent.family.forms import Decide
from consent.models import Dependant, ParentalResponsibility, Removal


@admin.register(Dependant)
class Children(Looking):
    """Children whose account others made, and whether guardians are paused."""

    roles = LOOKERS
    about = "person_id"
    hidden = frozenset({"born_on", "country"})
    list_display = ("whom", "made_at", "protected_at")
    list_filter = ("protected_at",)
    ordering: ClassVar[tuple[str, ...]] = ("-protected_at", "-made_at")

    @admin.display(description=lazy("customer"))
    def whom(self, child: Dependant) -> str:
        """Whom, by what they can be asked for."""
        return reference.of(child.person_id)

    def get_urls(self) -> list[URLPattern]:
        """Pausing guardians, and ending that."""
        protect = self.verb(self.protect, lazy("Pause what guardians can do for a child"), Form)
        lift = self.verb(self.lift, lazy("Let guardians act for a child again"), Form)
        return [
            path("<uuid:child_id>/protect/", protect, name="consent_dependant_protect"),
            path("<uuid:child_id>/lift/", lift, name="consent_dependant_lift"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """Who answers for the child, and the buttons."""
        child, stopped = self.opened(request, object_id)
        if child is None:
            return stopped
        guardians = ParentalResponsibility.objects.of(child.person_id)
        return self.show(
            request,
            "admin/child.html",
            title=_("A child and its guardians"),
            child=child,
            reference=reference.of(child.person_id),
            band=lines.BADGES[facts.band(child, clock.now())],
            guardians=[{"found": each, "reference": reference.of(each.guardian_id)} for each in guardians],
            names=people.names([child.protected_by]) if child.protected_by else {},
        )

    def protect(self, request: HttpRequest, child_id: UUID) -> HttpResponse:
        """At once."""
        return self._do(request, child_id, protection.protect, _("Paused. Guardians are told."))

    def lift(self, request: HttpRequest, child_id: UUID) -> HttpResponse:
        """By a second person."""
        return self._do(request, child_id, protection.lift, _("Guardians can act again."))

    def _do(self, request: HttpRequest, key: UUID, verb: Callable[..., None], done: str) -> HttpResponse:
        person, session, by = self.acting(request)
        child = get_object_or_404(Dependant, pk=key)
        return self.do(
            request,
            lambda: verb(child, person, session, by=by, at=clock.now()),
            done,
            "consent_dependant_change",
            child.pk,
        )


@admin.register(Removal)
class Removals(Looking):
    """One guardian wants another one to be removed: two people decide."""

    roles = LOOKERS
    about = "child_id"
    list_display = ("whom", "state", "asked_at", "ready_at", "objected_at")
    list_filter = ("state",)
    ordering: ClassVar[tuple[str, ...]] = ("ready_at",)

    @admin.display(description=lazy("customer"))
    def whom(self, found: Removal) -> str:
        """The child, by what it can be asked for."""
        return reference.of(found.child_id)

    def get_urls(self) -> list[URLPattern]:
        """The first person proposes, another one decides."""
        propose = self.verb(self.propose, lazy("Propose whether a guardian is removed"), Decide, "do")
        decide = self.verb(self.decide, lazy("Decide whether a guardian is removed"), Decide, "do")
        return [
            path("<uuid:removal_id>/propose/", propose, name="consent_removal_propose"),
            path("<uuid:removal_id>/decide/", decide, name="consent_removal_decide"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """What is asked, by whom, and what was proposed."""
        found, stopped = self.opened(request, object_id)
        if found is None:
            return stopped
        return self.show(
            request,
            "admin/removal.html",
            title=_("Shall a guardian be removed?"),
            found=found,
            child=reference.of(found.child_id),
            asker=reference.of(found.asker_id),
            guardian=reference.of(found.guardian_id),
            is_ready=clock.now() >= found.ready_at,
            names=people.names([each for each in (found.proposed_by, found.decided_by) if each]),
        )

    def propose(self, request: HttpRequest, removal_id: UUID) -> HttpResponse:
        """That they go, or that both stay."""
        person, session, by = self.acting(request)
        found, removes = get_object_or_404(Removal, pk=removal_id), request.POST.get("do") == "remove"
        return self.do(
            request,
            lambda: removal.propose(found, person, session, removes=removes, by=by, at=clock.now()),
            _("Proposed. Another person has to decide."),
            "consent_removal_change",
            found.pk,
        )

    def decide(self, request: HttpRequest, removal_id: UUID) -> HttpResponse:
        """As proposed, or not."""
        person, session, by = self.acting(request)
        found, agrees = get_object_or_404(Removal, pk=removal_id), request.POST.get("do") == "agree"
        return self.do(
            request,
            lambda: removal.decide(found, person, session, agrees=agrees, by=by, at=clock.now()),
            _("Decided. Both guardians are told."),
            "consent_removal_change",
            found.pk,
        )
