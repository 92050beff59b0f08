"""Django's entry for this app."""

import logging

from django.apps import AppConfig
from django.conf import settings

log = logging.getLogger(__name__)


class AccountsConfig(AppConfig):
    """The app as Django knows it."""

    name = "accounts"

    def ready(self) -> None:
        """Say at a production start what ``check --deploy`` would say of breached passwords."""
        from accounts.passwords import validator as passwords  # noqa: PLC0415  (its checks are registered only now)

        for found in passwords.check_breaches() if settings.PRODUCTION else ():
            log.warning("%s %s", found.msg, found.hint)
