"""How what is recorded of details reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.details import events

tell(
    {
        events.DetailsApproved: plain(_("You approved what an app asked for")),
        events.DetailsRefused: plain(_("You did not approve what an app asked for")),
    }
)
