"""How what is recorded of consent reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.permission import events

tell(
    {
        events.ConsentGiven: plain(_("App connected")),
        events.ConsentChanged: plain(_("What an app may see was changed")),
        events.ConsentDenied: plain(_("App not connected: you said no")),
        events.ConsentWithdrawn: plain(_("App disconnected")),
        events.ConsentLapsed: plain(_("App disconnected: it did not use your account for long")),
    },
    silent=[events.PartnerToldOfLapsed],
)
