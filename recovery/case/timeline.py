"""How what is recorded of recoveries reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from recovery.case import events

tell(
    {
        events.RecoveryOpened: plain(_("A recovery of your account began"), badge=_("Unusual"), kind="warn"),
        events.RecoveryShown: plain(_("Something was shown to recover your account")),
        events.RecoveryWaits: plain(_("The recovery began to wait")),
        events.RecoveryReady: plain(_("The recovery could be finished")),
        events.RecoveryCancelled: plain(_("The recovery was stopped"), badge=_("Stopped"), kind="bad"),
        events.RecoveryExpired: plain(_("The recovery came to nothing")),
        events.RecoveryCompleted: plain(_("Your account was recovered"), badge=_("Changed"), kind="accent"),
    },
    silent=[events.RecoveryAsked, events.RecoveryMissed],
)
