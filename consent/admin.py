"""Consents, as staff read them."""

from django.contrib import admin

from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.roles import Role
from consent.models import Consent


@admin.register(Consent)
class Consents(ReadOnlyAdmin):
    """Looked at, never edited: only the customer gives and withdraws."""

    roles = frozenset({Role.AGENT, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("customer_id", "partner", "scopes", "given_at", "ended_at", "last_used_at")
    list_select_related = ("partner",)
    search_fields = ("customer__id__exact",)
    leafers = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
