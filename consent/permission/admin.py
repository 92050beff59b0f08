"""Consents, as staff read them: through their customer's record, or as a list of what was given lately."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.staff.admin.looking import Looking
from ciam_portal.core.lists.newest import Narrow, Newest
from ciam_portal.core.roles import Role
from consent.models import Consent


class NarrowConsents(Narrow):
    """Whose."""

    customer = forms.UUIDField(label=_("Customer"), required=False)


@admin.register(Consent)
class Consents(Looking, Newest):
    """Looked at, never edited: only the customer gives and withdraws. The desk reads them on the customer's record."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("given_at", "shared", "ended_at", "last_used_at")
    list_select_related = ("partner",)
    time = "given_at"
    asks = NarrowConsents
    narrow = {"customer": "customer"}  # noqa: RUF012  (Newest's)

    def before_list(self, request: HttpRequest, form: Narrow) -> HttpResponse | None:
        """Those of one customer are part of their record."""
        wanted = form.cleaned_data.get("customer") if form.is_valid() else None
        return self.through_record(request, wanted) if wanted else None

    @admin.display(description=_("shared"))
    def shared(self, consent: Consent) -> str:
        """What, and with whom."""
        return f"{consent.partner.name}: {' '.join(consent.scopes)}"
