"""Django's entry for this app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
