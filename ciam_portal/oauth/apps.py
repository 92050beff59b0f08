"""Django's entry for this app."""

from django.apps import AppConfig

from ciam_portal.oauth import scopes
from ciam_portal.policy import limits


class OAuthConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.oauth"
    label = "oauth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A policy that speaks of scopes nobody knows stops the start."""
        scopes.check(limits.running())
