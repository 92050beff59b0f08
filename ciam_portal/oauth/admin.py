"""Partners, as staff read them. Tokens and codes have no page."""

from django.contrib import admin

from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.roles import Role
from ciam_portal.oauth.models import Partner


@admin.register(Partner)
class Partners(ReadOnlyAdmin):
    """Looked at, never edited: `manage.py partner` runs the flows."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    list_display = ("name", "client_id", "environment", "profile", "is_enabled", "used_at", "created")
    list_filter = ("is_enabled", "environment", "profile")
    search_fields = ("name", "client_id__exact")
