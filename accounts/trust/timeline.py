"""How what is recorded of accounts that wait for evidence reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.trust import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.AccountWaits: plain(_("Your account waits for more to go by before it connects apps")),
        events.AccountPassed: plain(_("Somebody looked at your account, and it waits no longer")),
    },
    silent=[events.DomainPassed, events.DomainTakenBack],
)
