"""Django's entry for this app."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.decisions"
    default_auto_field = "django.db.models.BigAutoField"
