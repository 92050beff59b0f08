"""Roles of staff: proposed, approved, taken away; taken in an emergency, and reviewed. Every change is a POST."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import BreakGlass, RoleChange
from accounts.staff.admin import deeds, people
from accounts.staff.admin.looking import Looking
from accounts.staff.admin.verbs import Verbs
from accounts.staff.flows import break_glass, role_changes
from accounts.staff.flows import people as staff
from accounts.staff.forms import BreakTheGlass, ChangeRole, Decide
from accounts.staff.policy import BREAKERS, OVERSEERS, RoleState, Verb, WhyGlass, WhyLook, WhyRole
from ciam_portal.core import clock, mailbox, privileges
from ciam_portal.core.roles import Role, roles_of, standing_roles_of


@admin.register(RoleChange)
class RoleChanges(Looking):
    """Who wants whom to have which role, and who said yes."""

    roles = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
    about = "person_id"
    because = WhyLook.ROLE
    change_list_template = "admin/verbs_list.html"
    list_display = ("proposed_at", "state", "verb", "role", "who")
    list_select_related = ("person",)
    list_filter = ("state", "role")

    def get_urls(self) -> list[URLPattern]:
        """Proposing (or taking away), and deciding."""
        wanted = ("email", "role", "verb", "reason")
        propose = self.verb(self.propose, lazy("Change a role"), ChangeRole, *wanted, methods=("GET", "POST"))
        decide = self.verb(self.decide, lazy("Decide about a role"), Decide, "do")
        return [
            path("propose/", propose, name="accounts_rolechange_propose"),
            path("<uuid:change_id>/decide/", decide, name="accounts_rolechange_decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The changes, and the way to a new one for whoever may propose one."""
        new = reverse("admin:accounts_rolechange_propose") if self._proposes(request) else ""
        more = {"verb_url": new, "verb": _("Change a role")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One change: who, what they hold, what it opens; and the two buttons while it waits."""
        change = self.found(request, object_id)
        if change.person_id == request.user.pk:  # their own: nothing here that they do not know
            self.seen(request, change.person_id)
        else:
            self.through_record(request, change.person_id)
        who, role = people.person(change.person), Role(change.role)
        context = {
            "title": str(change),
            "change": change,
            "is_open": change.state == RoleState.PROPOSED and clock.now() < change.expires_at,
            "approves": request.user.pk not in {change.proposed_by, change.person_id},
            "person": who,
            "names": people.names((change.proposed_by, change.approved_by, change.rejected_by)),
            "opens": privileges.opened(frozenset(who.held) - {role}, role) if change.verb == Verb.GRANT else None,
        }
        return self.show(request, "admin/role_change.html", **context)

    @admin.display(description=_("person"))
    def who(self, change: RoleChange) -> str:
        """Whose role it is."""
        return people.called(change.person)

    def propose(self, request: HttpRequest) -> HttpResponse:
        """A first person proposes; or one person takes away. Looking for the person counts as a search of the desk."""
        me, session, by = self.acting(request)
        if not self._proposes(request):
            raise PermissionDenied
        form, at = ChangeRole(request.POST or None), clock.now()
        if form.is_valid():
            said = form.cleaned_data
            found = staff.find(said["email"], me, by=by, at=at)  # by a recovery address too, which is nobody's sign-in
            person = next((each for each in found if each.email == mailbox.named(said["email"])), None)
            if person is not None:
                role, reason = Role(said["role"]), WhyRole(said["reason"])
                verb = role_changes.propose if said["verb"] == Verb.GRANT else role_changes.revoke
                done = (
                    _("Proposed: somebody else has to approve it.") if said["verb"] == Verb.GRANT else _("Taken away.")
                )
                return self.do(
                    request,
                    lambda: verb(person, role, reason, me, session, by=by, at=at),
                    done,
                    "accounts_rolechange_changelist",
                )
            form.add_error("email", _("There is no account with this address."))
        return self.show(request, "admin/role_propose.html", title=_("Change a role"), form=form)

    @staticmethod
    def _proposes(request: HttpRequest) -> bool:
        """Whether this person could propose at all: others have no business with the page, nor with its search."""
        return Role.ADMINISTRATOR in standing_roles_of(request.user)

    def decide(self, request: HttpRequest, change_id: UUID) -> HttpResponse:
        """A second person approves, or somebody rejects."""
        me, session, by = self.acting(request)
        change, form = get_object_or_404(RoleChange, pk=change_id), Decide(request.POST)
        if not form.is_valid():
            raise Http404
        approves = form.cleaned_data["do"] == "approve"
        verb = role_changes.approve if approves else role_changes.reject
        done = _("Approved. The person signs in again, with this role.") if approves else _("Rejected.")
        return self.do(
            request,
            lambda: verb(change, me, session, by=by, at=clock.now()),
            done,
            "accounts_rolechange_change",
            change.pk,
        )


@admin.register(BreakGlass)
class BreakGlassUses(Verbs):
    """Roles taken in an emergency, and their reviews."""

    roles = BREAKERS | {Role.AUDITOR}
    change_list_template = "admin/verbs_list.html"
    list_display = ("asked_at", "role", "who", "expires_at", "reviewed_at")
    list_select_related = ("person",)

    def get_urls(self) -> list[URLPattern]:
        """Taking, and reviewing."""
        words = lazy("Take a role in an emergency")
        take = self.verb(self.take, words, BreakTheGlass, "role", "reason", methods=("GET", "POST"))
        review = self.verb(self.review, lazy("Close the review of break-glass"))
        return [
            path("take/", take, name="accounts_breakglass_take"),
            path("<uuid:use_id>/review/", review, name="accounts_breakglass_review"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The uses, and the way to a new one."""
        take = reverse("admin:accounts_breakglass_take") if standing_roles_of(request.user) & BREAKERS else ""
        more = {"verb_url": take, "verb": _("Break the glass")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One use: who, what the role opened, what was done meanwhile; and the button that closes its review."""
        use = self.found(request, object_id)
        self.seen(request, use.person_id)
        who, role = people.person(use.person), Role(use.role)
        oversees = bool(roles_of(request.user) & OVERSEERS)
        context = {
            "title": str(use),
            "use": use,
            "person": who,
            "reviewed_by": people.names([use.reviewed_by]).get(use.reviewed_by, ""),
            "opens": [each for each in privileges.opened(frozenset(who.held), role).actions if not each.standing],
            "may_review": Role.ADMINISTRATOR in standing_roles_of(request.user) and use.person_id != request.user.pk,
            "done": deeds.of(use, clock.now()) if oversees else None,
        }
        return self.show(request, "admin/break_glass.html", **context)

    @admin.display(description=_("person"))
    def who(self, use: BreakGlass) -> str:
        """Who took it."""
        return people.called(use.person)

    def take(self, request: HttpRequest) -> HttpResponse:
        """The role is there at once, and everybody it concerns is told."""
        me, session, by = self.acting(request)
        if not standing_roles_of(me) & BREAKERS:
            raise PermissionDenied
        form = BreakTheGlass(request.POST or None)
        if not form.is_valid():
            return self.show(request, "admin/break_glass_take.html", title=_("Break the glass"), form=form)
        role, reason = Role(form.cleaned_data["role"]), WhyGlass(form.cleaned_data["reason"])
        return self.do(
            request,
            lambda: break_glass.take(role, reason, me, session, by=by, at=clock.now()),
            _("The role is yours for a limited time. All administrators are told, and one of them reviews it."),
            "accounts_breakglass_changelist",
        )

    def review(self, request: HttpRequest, use_id: UUID) -> HttpResponse:
        """A second administrator has looked at it."""
        me, session, by = self.acting(request)
        use = get_object_or_404(BreakGlass, pk=use_id)
        return self.do(
            request,
            lambda: break_glass.review(use, me, session, by=by, at=clock.now()),
            _("The review is closed."),
            "accounts_breakglass_change",
            use.pk,
        )
