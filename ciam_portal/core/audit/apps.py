"""Django's entry for this app."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.core.audit"
    label = "audit"

    def ready(self) -> None:
        """After migrations the portal's own role gets what it needs, and no more."""
        from ciam_portal.core.audit import database  # noqa: PLC0415  (the connection is configured only now)

        post_migrate.connect(database.on_migrated, sender=self, dispatch_uid="audit")
        checks.register(database.portal_role, checks.Tags.database)
