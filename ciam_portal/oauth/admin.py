"""Partners, as staff read them. Tokens and codes have no page."""

from django.contrib import admin

from ciam_portal.core.admin_site import ReadOnlyAdmin
from ciam_portal.core.roles import Role
from ciam_portal.oauth.models import Partner


@admin.register(Partner)
class Partners(ReadOnlyAdmin):
    """Looked at, never edited: `manage.py partner` runs the flows."""

    roles = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
    hidden = frozenset({"client_secret", "hash_client_secret"})
    list_display = ("name", "client_id", "client_type", "is_enabled", "created")
    list_filter = ("is_enabled", "client_type")
    search_fields = ("name", "client_id__exact")
