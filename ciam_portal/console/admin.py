"""Apps as staff see them: the inventory of what they prove themselves with and use, and what owners ask to change."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from accounts.staff.admin.verbs import Verbs
from accounts.staff.forms import Decide
from ciam_portal.console import facts, flows, forms
from ciam_portal.console.models import ChangeRequest
from ciam_portal.console.policy import State
from ciam_portal.core import clock
from ciam_portal.core.roles import Role, standing_roles_of
from ciam_portal.oauth.models import Partner


@admin.register(Partner)
class Partners(Verbs):
    """The inventory. What changes a partner: its owner's requests, the two verbs here, and `manage.py partner`."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("name", "environment", "profile", "is_enabled", "used_at", "oldest", "ends", "networks")
    list_filter = ("is_enabled", "environment", "profile")
    search_fields = ("name", "client_id__exact")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        """With what they prove themselves with."""
        rows: QuerySet[Partner] = super().get_queryset(request).prefetch_related("credentials")
        return rows

    def get_urls(self) -> list[URLPattern]:
        """Switching off and on, and how agents fare."""
        own = [path("agents/", self.admin_site.admin_view(require_safe(self.agents)), name="oauth_partner_agents")]
        switch = self.verb(self.switch, lazy("Switch an app off or on"), forms.Switch, "do")
        return [*own, path("<uuid:partner_id>/switch/", switch, name="oauth_partner_switch"), *super().get_urls()]

    def agents(self, request: HttpRequest) -> HttpResponse:
        """Whom agents act for, by how many grants that they do not use, and how often they are refused."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = facts.agents(clock.now())
        return self.show(request, "admin/agents.html", title=_("Agents"), rows=rows, days=facts.LATELY_DAYS)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One app: ages, networks, scopes that are granted and never used, and the button."""
        app, at = self.found(request, object_id), clock.now()
        context = {
            "title": app.name,
            "app": app,
            "credentials": app.credentials.order_by("-made_at"),
            "at": at,
            "live": [each.pk for each in app.credentials.all() if each.is_live(at)],
            "unused": facts.unused(app, at),
            "deliveries": facts.deliveries(app),
            "changes": app.change_requests.order_by("-asked_at")[:20],
            "may_switch": Role.ADMINISTRATOR in standing_roles_of(request.user),
            "days": facts.USED_DAYS,
        }
        return self.show(request, "admin/partner.html", **context)

    def switch(self, request: HttpRequest, partner_id: UUID) -> HttpResponse:
        """Off, or on again."""
        me, session, by = self.acting(request)
        app, form = get_object_or_404(Partner, pk=partner_id), forms.Switch(request.POST)
        if not form.is_valid():
            raise Http404
        at, back = clock.now(), ("oauth_partner_change", app.pk)
        if form.cleaned_data["do"] == "retire":
            done = _("Switched off for good: nothing of it works any more, and nobody can switch it on again.")
            return self.do(request, lambda: flows.retire(app, me, session, by=by, at=at), done, *back)
        on = form.cleaned_data["do"] == "on"
        done = _("Switched on.") if on else _("Switched off: nothing of it works any more.")
        return self.do(request, lambda: flows.switch(app, me, session, on=on, by=by, at=at), done, *back)

    @admin.display(description=lazy("oldest"))
    def oldest(self, app: Partner) -> str:
        """Since when the oldest one that works is known."""
        made = [each.made_at for each in app.credentials.all() if each.is_live(clock.now())]
        return f"{min(made):%Y-%m-%d}" if made else "-"

    @admin.display(description=lazy("works until"))
    def ends(self, app: Partner) -> str:
        """When the last one that works ends."""
        ends = [each.expires_at for each in app.credentials.all() if each.is_live(clock.now())]
        return f"{max(ends):%Y-%m-%d}" if ends else "-"

    @admin.display(description=lazy("networks"))
    def networks(self, app: Partner) -> int:
        """The most that one of them was seen from."""
        return facts.networks(app, clock.now())


@admin.register(ChangeRequest)
class ChangeRequests(Verbs):
    """What owners ask to change, and who said yes."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("asked_at", "app", "state", "decided_at")
    list_filter = ("state",)
    list_select_related = ("partner",)
    ordering = ("-asked_at",)

    def get_urls(self) -> list[URLPattern]:
        """Deciding."""
        decide = self.verb(self.decide, lazy("Decide about a change of an app"), Decide, "do")
        return [path("<uuid:change_id>/decide/", decide, name="console_changerequest_decide"), *super().get_urls()]

    @admin.display(description=lazy("app"))
    def app(self, change: ChangeRequest) -> str:
        """Which."""
        return str(change.partner.name)

    def change_view(self, request: HttpRequest, object_id: str, *_args: object, **_kwargs: object) -> HttpResponse:
        """One request beside what holds now, and the two buttons while it waits."""
        change = self.found(request, object_id)
        app = change.partner
        now, wanted = set(app.redirect_uris.split()), set(change.redirect_uris)
        allowed, asked = set(app.scopes_allowed), set(change.scopes)
        may, done = set(app.actions_allowed), set(change.actions)
        context = {
            "title": str(change),
            "change": change,
            "app": app,
            "is_open": change.state == State.OPEN,
            "approves": request.user.pk not in {change.asked_by, app.owner_id},
            "decides": Role.ADMINISTRATOR in standing_roles_of(request.user),
            "differences": [
                (_("Redirect addresses"), sorted(wanted - now), sorted(now - wanted)),
                (_("Scopes"), sorted(asked - allowed), sorted(allowed - asked)),
                *([(_("What customers may let it do"), sorted(done - may), sorted(may - done))] if done | may else []),
            ],
        }
        return self.show(request, "admin/change_request.html", **context)

    def decide(self, request: HttpRequest, change_id: UUID) -> HttpResponse:
        """A second person approves, or somebody rejects."""
        me, session, by = self.acting(request)
        change, form = get_object_or_404(ChangeRequest, pk=change_id), Decide(request.POST)
        if not form.is_valid():
            raise Http404
        approves = form.cleaned_data["do"] == "approve"
        verb = flows.approve if approves else flows.reject
        done = _("Approved: it holds from now on.") if approves else _("Rejected.")
        return self.do(
            request,
            lambda: verb(change, me, session, by=by, at=clock.now()),
            done,
            "console_changerequest_change",
            change.pk,
        )
