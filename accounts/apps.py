"""Django's entry for this app."""

import logging

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

log = logging.getLogger(__name__)


class AccountsConfig(AppConfig):
    """The app as Django knows it. After migrations there is a group for each role of staff."""

    name = "accounts"

    def ready(self) -> None:
        """Name what to do after migrations, and who carries messages to browsers.

        Say at a production start what ``check --deploy`` would of passwords.
        """
        from accounts.passwords import validator as passwords  # noqa: PLC0415  (its checks are registered only now)
        from accounts.push import push  # noqa: PLC0415  (models are there only now)
        from accounts.staff.flows import people  # noqa: PLC0415  (models are there only now)
        from ciam_portal.core.outbox import channels, notice  # noqa: PLC0415  (as above)

        channels.TO_MACHINES[notice.PUSH] = push.deliver
        post_migrate.connect(people.on_migrated, sender=self, dispatch_uid="accounts.roles")
        for found in passwords.check_breaches() if settings.PRODUCTION else ():
            log.warning("%s %s", found.msg, found.hint)
