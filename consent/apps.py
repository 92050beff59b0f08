"""Django's entry for this app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ConsentConfig(AppConfig):
    """The app as Django knows it. After migrations there are the portal's purposes, and every connection's records."""

    name = "consent"

    def ready(self) -> None:
        """Name what to do after migrations; agents hear of answers by the outbox."""
        from ciam_portal.core.outbox import channels  # noqa: PLC0415  (models are there only now)
        from consent.approvals import flows as approvals  # noqa: PLC0415  (as above)
        from consent.approvals import push  # noqa: PLC0415  (as above)
        from consent.purposes import flows  # noqa: PLC0415  (models are there only now)
        from consent.records import settle  # noqa: PLC0415  (as above)

        channels.TO_MACHINES[approvals.CHANNEL] = push.deliver
        post_migrate.connect(flows.on_migrated, sender=self, dispatch_uid="consent.purposes")
        post_migrate.connect(settle.on_migrated, sender=self, dispatch_uid="consent.records")
