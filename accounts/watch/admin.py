"""What the jobs that watch risk found, and the model card, as staff read them."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Alert
from accounts.sessions.signing import customer_of
from accounts.watch import card
from accounts.watch.flows import alerts
from accounts.watch.policy import alerts as policy
from ciam_portal.core import clock
from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.audit.actor import Actor, Channel


@admin.register(Alert)
class Alerts(ReadOnlyAdmin):
    """What the jobs that watch risk found worth a look; the model card beside it."""

    roles = alerts.LOOKERS
    list_display = (
        "at",
        "kind",
        "acknowledged_at",
    )
    list_filter = ("kind",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What it says, in words and figures."""
        return ["kind", "at", "meaning", "figures", "acknowledged_at", "acknowledged_by"]

    @admin.display(description=_("what it means"))
    def meaning(self, alert: Alert) -> str:
        """The sentence for its kind."""
        return translate(policy.meaning(alert.kind))

    @admin.display(description=_("figures"))
    def figures(self, alert: Alert) -> str:
        """Its numbers, readable."""
        return ", ".join(f"{name} {value:g}" for name, value in sorted(alert.numbers.items()))

    def get_urls(self) -> list[Any]:
        """The table's own pages, acknowledging, and the model card."""
        site = self.admin_site
        own = [
            path("model-card/", site.admin_view(require_safe(self.model_card)), name="risk_model_card"),
            path(
                "<uuid:alert_id>/acknowledge/",
                site.admin_view(require_POST(self.acknowledge)),
                name="accounts_alert_acknowledge",
            ),
        ]
        return own + super().get_urls()

    def model_card(self, request: HttpRequest) -> HttpResponse:
        """The risk model's card, from what runs now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        title, sections = _("Model card: risk of a sign-in"), card.build(clock.now())
        return self.show(request, "admin/accounts/model_card.html", title=title, sections=sections)

    def acknowledge(self, request: HttpRequest, alert_id: UUID) -> HttpResponse:
        """Somebody has looked at it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        alert = get_object_or_404(Alert, pk=alert_id)
        by = Actor.from_request(request, Channel.HELP_DESK)
        alerts.acknowledge(alert, customer_of(request), by=by, at=clock.now())
        messages.success(request, _("The alert is acknowledged."))
        return HttpResponseRedirect(reverse("admin:accounts_alert_changelist"))
