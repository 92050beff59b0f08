"""Django's entry for this app."""

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    """The app as Django knows it."""

    name = "recovery"
    default_auto_field = "django.db.models.BigAutoField"
