"""What staff can do with alerts."""

from django.utils.translation import gettext_lazy as _

from accounts.watch.flows import alerts
from ciam_portal.core.privileges import WATCHERS, Effect, StaffAction, declare

declare(
    StaffAction(_("acknowledge an alert"), WATCHERS, Effect.ACKNOWLEDGE_ALERT,
                flows=(alerts.acknowledge,), pages=("accounts_alert_acknowledge",)),
)  # fmt: skip
