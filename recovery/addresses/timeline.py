"""How what is recorded of recovery addresses reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from recovery.addresses import events

tell(
    {
        events.RecoveryAddressAdded: plain(_("A recovery address was added"), badge=_("Changed"), kind="accent"),
        events.RecoveryAddressRemoved: plain(_("A recovery address was removed"), badge=_("Changed"), kind="accent"),
    },
    silent=[events.RecoveryAddressAsked, events.RecoveryAddressMissed],
)
