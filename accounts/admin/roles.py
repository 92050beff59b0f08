"""Roles of staff: proposed, approved, taken away; taken in an emergency, and reviewed. Every change is a POST."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.flows import break_glass, role_changes
from accounts.forms.staff import BreakTheGlass, ChangeRole, Decide
from accounts.models import BreakGlass, RoleChange, Session, User
from accounts.policy.staff import BREAKERS, State, Verb, WhyGlass, WhyRole
from ciam_portal import clock
from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.audit.actor import Actor, Channel
from ciam_portal.errors import ProveMore, Refused
from ciam_portal.roles import Role
from ciam_portal.words import sentence


class _Verbs(ReadOnlyAdmin):
    """A page of records with verbs beside it."""

    def _acting(self, request: HttpRequest) -> tuple[User, Session, Actor]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        session = cast("Session", request.portal_session)  # type: ignore[attr-defined]
        return cast("User", request.user), session, Actor.from_request(request, Channel.HELP_DESK)

    def _do(self, request: HttpRequest, verb: Callable[[], object], done: str, back: str, *args: UUID) -> HttpResponse:
        """Do it and go back; a refusal is said there. To prove more comes first."""
        try:
            verb()
        except ProveMore:
            raise
        except Refused as refused:
            messages.error(request, sentence(refused.reason))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(reverse(f"admin:{back}", args=args))

    def _page(self, request: HttpRequest, template: str, **words: Any) -> HttpResponse:  # noqa: ANN401
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **words}
        )

    def _found(self, request: HttpRequest, object_id: str) -> Any:  # noqa: ANN401  (a row of this page)
        row = self.get_object(request, object_id)
        if not self.has_view_permission(request, row) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if row is None:
            raise Http404
        return row


@admin.register(RoleChange)
class RoleChanges(_Verbs):
    """Who wants whom to have which role, and who said yes."""

    roles = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
    change_list_template = "admin/verbs_list.html"
    list_display = ("proposed_at", "state", "verb", "role", "person")
    list_filter = ("state", "role")

    def get_urls(self) -> list[URLPattern]:
        """Proposing (or taking away), and deciding."""
        propose = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.propose))
        decide = self.admin_site.admin_view(require_POST(self.decide))
        return [
            path("propose/", propose, name="accounts_rolechange_propose"),
            path("<uuid:change_id>/decide/", decide, name="accounts_rolechange_decide"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The changes, and the way to a new one."""
        more = {"verb_url": reverse("admin:accounts_rolechange_propose"), "verb": _("Change a role")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002  (Django's signature)
        extra_context: object = None,  # noqa: ARG002  (as above)
    ) -> HttpResponse:
        """One change, and the two buttons while it waits."""
        row = self._found(request, object_id)
        is_open = row.state == State.PROPOSED and clock.now() < row.expires_at
        return self._page(request, "admin/role_change.html", title=str(row), change=row, is_open=is_open)

    def propose(self, request: HttpRequest) -> HttpResponse:
        """A first person proposes; or one person takes away."""
        staff, session, by = self._acting(request)
        form = ChangeRole(request.POST or None)
        if form.is_valid():
            said = form.cleaned_data
            person = User.objects.filter(email=said["email"].lower()).first()
            if person is not None:
                role, reason, at = Role(said["role"]), WhyRole.of(said["reason"]), clock.now()
                verb = role_changes.propose if said["verb"] == Verb.GRANT else role_changes.revoke
                done = (
                    _("Proposed: somebody else has to approve it.") if said["verb"] == Verb.GRANT else _("Taken away.")
                )
                return self._do(
                    request,
                    lambda: verb(person, role, reason, staff, session, by=by, at=at),
                    done,
                    "accounts_rolechange_changelist",
                )
            form.add_error("email", _("There is no account with this address."))
        return self._page(request, "admin/role_propose.html", title=_("Change a role"), form=form)

    def decide(self, request: HttpRequest, change_id: UUID) -> HttpResponse:
        """A second person approves, or somebody rejects."""
        staff, session, by = self._acting(request)
        change, form = get_object_or_404(RoleChange, pk=change_id), Decide(request.POST)
        if not form.is_valid():
            raise Http404
        approves = form.cleaned_data["do"] == "approve"
        verb = role_changes.approve if approves else role_changes.reject
        done = _("Approved. The person signs in anew with this role.") if approves else _("Rejected.")
        return self._do(
            request,
            lambda: verb(change, staff, session, by=by, at=clock.now()),
            done,
            "accounts_rolechange_change",
            change.pk,
        )


@admin.register(BreakGlass)
class BreakGlassUses(_Verbs):
    """Roles taken in an emergency, and their reviews."""

    roles = BREAKERS | {Role.AUDITOR}
    change_list_template = "admin/verbs_list.html"
    list_display = ("asked_at", "role", "person", "expires_at", "reviewed_at")

    def get_urls(self) -> list[URLPattern]:
        """Taking, and reviewing."""
        take = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.take))
        review = self.admin_site.admin_view(require_POST(self.review))
        return [
            path("take/", take, name="accounts_breakglass_take"),
            path("<uuid:use_id>/review/", review, name="accounts_breakglass_review"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The uses, and the way to a new one."""
        more = {"verb_url": reverse("admin:accounts_breakglass_take"), "verb": _("Break the glass")}
        return super().changelist_view(request, (extra_context or {}) | more)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002  (Django's signature)
        extra_context: object = None,  # noqa: ARG002  (as above)
    ) -> HttpResponse:
        """One use, and the button that closes its review."""
        use = self._found(request, object_id)
        return self._page(request, "admin/break_glass.html", title=str(use), use=use)

    def take(self, request: HttpRequest) -> HttpResponse:
        """The role is there at once, and everybody it concerns is told."""
        staff, session, by = self._acting(request)
        form = BreakTheGlass(request.POST or None)
        if not form.is_valid():
            return self._page(request, "admin/break_glass_take.html", title=_("Break the glass"), form=form)
        role, reason = Role(form.cleaned_data["role"]), WhyGlass.of(form.cleaned_data["reason"])
        return self._do(
            request,
            lambda: break_glass.take(role, reason, staff, session, by=by, at=clock.now()),
            _("The role is yours for a limited time. All administrators are told, and one of them reviews it."),
            "accounts_breakglass_changelist",
        )

    def review(self, request: HttpRequest, use_id: UUID) -> HttpResponse:
        """A second administrator has looked at it."""
        staff, session, by = self._acting(request)
        use = get_object_or_404(BreakGlass, pk=use_id)
        return self._do(
            request,
            lambda: break_glass.review(use, staff, session, by=by, at=clock.now()),
            _("The review is closed."),
            "accounts_breakglass_change",
            use.pk,
        )
