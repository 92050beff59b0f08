"""Django's entry for this app."""

from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.apps.registry import apps as all_apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models.signals import post_migrate

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
        post_migrate.connect(_on_migrated, sender=self, dispatch_uid="oauth")


def _on_migrated(apps: Apps = all_apps, **_: Any) -> None:  # noqa: ANN401  (a signal's words)
    """After ``migrate``: there is a key to sign with, for each use."""
    from ciam_portal.core import clock  # noqa: PLC0415  (models are there only now)
    from ciam_portal.core.audit.actor import Actor  # noqa: PLC0415
    from ciam_portal.oauth import jwts  # noqa: PLC0415
    from ciam_portal.oauth.signing import flows  # noqa: PLC0415
    from ciam_portal.oauth.signing.models import Use  # noqa: PLC0415

    try:
        apps.get_model("oauth", "SigningKey")._meta.get_field("use")  # noqa: SLF001  (Django's documented way)
    except (LookupError, FieldDoesNotExist):  # migrated to a state before it
        return
    for use in Use:
        flows.need(jwts.ES256, use, by=Actor.system(), at=clock.now())
