"""How what is recorded of browsers that are told things reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.push import events
from ciam_portal.core.timeline import Data, Said, plain, tell


def _off(data: Data) -> Said:
    if data["why"] == "gone":
        return Said(_("A browser no longer takes notices from us"))
    return Said(_("Notices were switched off in a browser"))


tell(
    {
        events.PushSwitchedOn: plain(_("Notices were switched on in a browser")),
        events.PushSwitchedOff: _off,
    },
    silent=[events.PushNightsChosen, events.PushTested],
)
