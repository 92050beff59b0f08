"""Customers and their sessions, as staff read them."""

from django.contrib import admin

from accounts.models import Session, User
from ciam_portal.admin_site import ReadOnlyAdmin
from ciam_portal.roles import Role


@admin.register(User)
class Users(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR})
    hidden = frozenset({"password", "is_superuser"})
    list_display = (
        "id",
        "is_active",
        "is_staff",
        "created_at",
    )
    list_filter = (
        "is_active",
        "is_staff",
    )
    search_fields = (
        "email__exact",
        "id__exact",
    )


@admin.register(Session)
class Sessions(ReadOnlyAdmin):
    """Looked at, never edited."""

    roles = frozenset({Role.AGENT, Role.APPROVER, Role.ADMINISTRATOR})
    hidden = frozenset({"browser_key"})
    list_display = (
        "customer",
        "started_at",
        "last_used_at",
        "ended_at",
        "end_reason",
    )
    search_fields = ("customer__id__exact",)
