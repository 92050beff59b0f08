"""How what is recorded of devices reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.device import events

tell(
    {
        events.DeviceAllowed: plain(_("You allowed an app on another device")),
        events.DeviceRefused: plain(_("You did not allow an app on another device")),
        events.DeviceConnected: plain(_("An app was connected on another device")),
    },
    silent=[events.DeviceAsked, events.DeviceCodeTyped, events.DeviceNotConnected],
)
