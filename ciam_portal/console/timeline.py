"""How what owners do about their apps reads to them."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.console import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.ChangeAsked: plain(_("You asked for a change of an app that you answer for")),
        events.Managed: plain(_("You changed something about an app that you answer for")),
    },
    silent=[events.ChangeDecided],
)
