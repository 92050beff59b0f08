"""What the jobs that watch risk found, and the model card, as staff read them."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.flows import alerts
from accounts.models import Alert, User
from accounts.watch import card
from ciam_portal import clock
from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.audit.actor import Actor, Channel


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
        words = {
            **self.admin_site.each_context(request),
            "title": _("Model card: risk of a sign-in"),
            "sections": card.build(clock.now()),
            "opts": self.model._meta,  # noqa: SLF001  (Django's own templates ask for it)
        }
        return TemplateResponse(request, "admin/accounts/model_card.html", words)

    def acknowledge(self, request: HttpRequest, alert_id: UUID) -> HttpResponse:
        """Somebody has looked at it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        alert = get_object_or_404(Alert, pk=alert_id)
        by = Actor.from_request(request, Channel.HELP_DESK)
        alerts.acknowledge(alert, cast("User", request.user), by=by, at=clock.now())
        messages.success(request, _("The alert is acknowledged."))
        return HttpResponseRedirect(reverse("admin:accounts_alert_changelist"))
