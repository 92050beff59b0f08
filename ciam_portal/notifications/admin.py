"""The outbox, as staff read it: what went out, never what it said or to whom."""

from django.contrib import admin

from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.notifications.models import Notice
from ciam_portal.roles import Role


@admin.register(Notice)
class Notices(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    hidden = frozenset({"sealed"})
    list_display = (
        "created_at",
        "kind",
        "channel",
        "state",
        "attempts",
    )
    list_filter = (
        "state",
        "kind",
    )
