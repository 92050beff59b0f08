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
        from ciam_portal.core.outbox import channels  # noqa: PLC0415  (models are there only now)
        from ciam_portal.oauth import backchannel  # noqa: PLC0415

        scopes.check(settings.LIMITS)
        channels.TO_MACHINES[backchannel.CHANNEL] = backchannel.deliver
