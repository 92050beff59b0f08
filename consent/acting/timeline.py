"""How what is recorded of acting reads to either side, in its own words."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import tell
from consent.acting import events
from consent.delegation.timeline import sides

tell(
    {
        events.Begun: sides(_("Somebody began to act for you"), _("You began to act for somebody")),
        events.Looked: sides(_("Somebody who acts for you saw your details"), _("You saw the details of somebody")),
        events.Stopped: sides(_("Somebody stopped acting for you"), _("You stopped acting for somebody")),
        events.Turned: sides(
            _("Somebody wanted to act for you and was refused"), _("You wanted to act for somebody and were refused"),
            badge=_("Stopped"), kind="bad",
        ),
    },
    repeated=[events.Looked, events.Turned],
)  # fmt: skip
