"""Django's entry for this app."""

from django.apps import AppConfig
from django.conf import settings

from ciam_portal.oauth import scopes


class OAuthConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.oauth"
    label = "oauth"

    def ready(self) -> None:
        """A policy that speaks of scopes nobody knows stops the start."""
        scopes.check(settings.LIMITS)
