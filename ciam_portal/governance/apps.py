"""Django's entry for this app."""

import pkgutil
import sys
from importlib import import_module

from celery.signals import worker_ready
from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from ciam_portal.policy import limits


def _load_questions() -> None:
    """Read every policy, so that each question is known by its name, whoever asks for it first."""
    autodiscover_modules("policy")
    for app in apps.get_app_configs():
        package = sys.modules.get(f"{app.name}.policy")
        for found in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{app.name}.policy."):
            import_module(found.name)


class GovernanceConfig(AppConfig):
    """The app as Django knows it. Once it is ready, the approved version decides; nothing is read from it before."""

    name = "ciam_portal.governance"
    label = "governance"
    verbose_name = "Policy"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Learn the questions, name whose limits decide, and what to do after migrations and at the start."""
        from ciam_portal.governance import deciding, start  # noqa: PLC0415  (models are there only now)

        _load_questions()

        limits.provide(deciding.running)
        post_migrate.connect(start.on_migrated, sender=self, dispatch_uid="governance")
        worker_ready.connect(start.on_worker, dispatch_uid="governance")
