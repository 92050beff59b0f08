"""Django's entry for this app."""

from celery.signals import worker_ready
from django.apps import AppConfig
from django.db.models.signals import post_migrate

from ciam_portal.core import themes
from ciam_portal.core.policy import limits


class GovernanceConfig(AppConfig):
    """The app as Django knows it. Once it is ready, the approved version decides; nothing is read from it before."""

    name = "ciam_portal.governance"
    label = "governance"
    verbose_name = "Policy"

    def ready(self) -> None:
        """Learn the questions, name whose limits decide, and what to do after migrations and at the start."""
        from ciam_portal.governance import deciding, start  # noqa: PLC0415  (models are there only now)

        for name in ("policy", "facts", "proofs", "flows", "privileges", "timeline", "held", "described"):
            themes.load(name)  # what themes declare, or join to something below them
        limits.provide(deciding.current)
        post_migrate.connect(start.on_migrated, sender=self, dispatch_uid="governance")
        worker_ready.connect(start.on_worker, dispatch_uid="governance")
