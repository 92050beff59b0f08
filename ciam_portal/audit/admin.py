"""The audit, as staff read it."""

from django.contrib import admin

from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.audit.models import AuditEntry, DecisionEntry
from ciam_portal.roles import Role


@admin.register(AuditEntry)
class AuditEntries(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = (
        "at",
        "name",
        "about",
        "actor_kind",
        "channel",
    )
    list_filter = (
        "name",
        "actor_kind",
        "channel",
    )
    search_fields = (
        "about__exact",
        "request_id__exact",
    )


@admin.register(DecisionEntry)
class DecisionEntries(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = (
        "at",
        "question",
        "answer",
        "reason",
        "about",
    )
    list_filter = (
        "question",
        "answer",
        "reason",
    )
    search_fields = (
        "id__exact",
        "about__exact",
    )
