"""Django's entry for this app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    """The app as Django knows it. After migrations every database has the purposes that the portal comes with."""

    name = "consent"

    def ready(self) -> None:
        """Name what to do after migrations."""
        from consent.purposes import flows  # noqa: PLC0415  (models are there only now)

        post_migrate.connect(flows.on_migrated, sender=self, dispatch_uid="consent.purposes")
