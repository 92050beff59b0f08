"""Django's entry for this app."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The app as Django knows it."""

    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"
