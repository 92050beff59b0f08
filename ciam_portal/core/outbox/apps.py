"""Django's entry for this app."""

import logging

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

log = logging.getLogger(__name__)


class NotificationsConfig(AppConfig):
    """The app as Django knows it."""

    name = "ciam_portal.core.outbox"
    label = "notifications"

    def ready(self) -> None:
        """No start with a carrier that does not exist; one without any is said at a production start."""
        from ciam_portal.core.outbox import channels  # noqa: PLC0415  (models are there only now)

        checks.register(channels.has_carrier)
        try:
            known = not settings.SMS_CARRIER or callable(channels.carrier().send)
        except (ImportError, AttributeError, TypeError):
            known = False
        if not known:
            message = f"SMS_CARRIER names {settings.SMS_CARRIER}, which is no class with send(key, to, text)."
            raise ImproperlyConfigured(message)
        for found in channels.has_carrier() if settings.PRODUCTION else ():
            log.warning("%s %s", found.msg, found.hint)
