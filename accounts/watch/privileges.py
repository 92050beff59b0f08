"""What staff can do with alerts."""

from accounts.watch.flows import alerts
from ciam_portal.core.privileges import WATCHERS, Effect, StaffAction, declare

declare(
    StaffAction("acknowledge an alert", WATCHERS, Effect.ACKNOWLEDGE_ALERT,
                flows=(alerts.acknowledge,), pages=("accounts_alert_acknowledge",)),
)  # fmt: skip
