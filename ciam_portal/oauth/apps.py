"""Django's entry for this app."""

from django.apps import AppConfig


class OAuthConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.oauth"
    label = "oauth"
    default_auto_field = "django.db.models.BigAutoField"
