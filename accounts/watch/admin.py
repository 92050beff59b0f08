"""What the jobs that watch risk found, and the model card, as staff read them."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Alert
from accounts.sessions.signing import customer_of
from accounts.watch import card
from accounts.watch.flows import alerts
from ciam_portal.core import clock
from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.words import Text

# What an alert means and asks for, by the first word of its kind.
MEANINGS = {
    "drift": _(
        "What sign-ins show has changed since the four weeks before: the score may no longer fit. Look for a cause"
        " (a new browser version, a network file that went missing, an attack) before you change a threshold."
    ),
    "challenge_rate": _(
        "Many more attempts were asked for more, held or denied in the last week than in the four weeks"
        " before, beyond chance: an attack is going on, or what sign-ins show has changed. The target is another"
        " matter: the model card compares with it."
    ),
    "newcomers": _(
        "Many more sign-ins than in the four weeks before showed something new to their customer: a network, a"
        " country, a device. A partner's or an operator's move does that, and so does an attack on many accounts."
    ),
    "burst": _(
        "Many customers share something all of a sudden: a network, a user agent or a device. Those sessions were"
        " assessed again; those that were very unusual by themselves were ended."
    ),
    "watched": _(
        "Somebody was let in though nearly everything about the sign-in was unusual, because they showed the"
        " strongest proof there is for the account. Look at what that session does; its owner was told."
    ),
    "device_copied": _(
        "A device's former key came back with the right password: cookies were copied, or a device was set"
        " back. The device is no longer known, and its owner was told; several in a day mean malware or a leak."
    ),
    "attack": _(
        "Wrong passwords come from addresses from which customers are signed in too. Many may share an address,"
        " so nothing was done to these sessions: look at who signed in from there for the first time."
    ),
    "sign_ups": _(
        "Held sign-ups are late: their applicants were told that a person looks at them by then. See who of the help"
        " desk can. A flood is one line there, and decided about at once."
    ),
    "customers_given": _(
        "All customers were written to a file for another system, as an administrator had approved. Ask whoever did."
    ),
    "proxies": _(
        "Hardly any request comes by the proxies that TRUSTED_PROXY_COUNT or TRUSTED_PROXIES names. With too many"
        " named, a forged header counts as an address and escapes limits; with too few, all customers are one address"
        " and are shut out together. Set what stands in front of the portal, and start it anew."
    ),
    "audit": _(
        "Rows of the audit were edited, deleted, inserted or moved after they were written. manage.py verify_audit"
        " names them. Whoever did it could write to the database past the portal: find out who, and keep a copy of it."
    ),
    "outbox": _(
        "Messages are not delivered: they wait too long, were refused by many recipients' servers, or were given up"
        " after days. Customers who wait for a code or a link cannot go on. manage.py outbox says why, and sends again."
    ),
    "outbound": _(
        "So many codes went to phones in a day that no more go: somebody may earn by it. Messages that count says for"
        " what and to which countries. Take a country out of the policy, or raise the limit there. Customers can use"
        " mail, a passkey or an app meanwhile."
    ),
    "purpose": _(
        "What a purpose of data says in the database is not what two people approved, so nothing is used for it any"
        " more. Somebody edited it there: find out who. manage.py purposes verify names it; a new version replaces it."
    ),
}


class OfKind(admin.SimpleListFilter):
    """One kind of alert, of those that there can be: nobody looks which there are."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """All of them."""
        return [(kind, kind) for kind in sorted(MEANINGS)]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Those of it; some kinds say more behind a dot."""
        kind = self.value()
        return queryset.filter(Q(kind=kind) | Q(kind__startswith=f"{kind}.")) if kind else queryset


@admin.register(Alert)
class Alerts(ReadOnlyAdmin):
    """What the jobs that watch risk found worth a look; the model card beside it."""

    roles = alerts.LOOKERS
    list_display = (
        "at",
        "kind",
        "acknowledged_at",
    )
    list_filter = (OfKind,)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What it says, in words and figures."""
        return ["kind", "at", "meaning", "figures", "acknowledged_at", "acknowledged_by"]

    @admin.display(description=_("what it means"))
    def meaning(self, alert: Alert) -> Text:
        """The sentence for its kind."""
        return MEANINGS.get(alert.kind.split(".", maxsplit=1)[0], "")

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
