"""How what is recorded of answers and disputes reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.activity import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.WasMe: plain(_("You said that a sign-in was you")),
        events.NotMe: plain(_("You said that a sign-in was not you"), badge=_("Stopped"), kind="bad"),
        events.BrowserForgotten: plain(_("A browser was forgotten"), badge=_("Changed"), kind="accent"),
        events.DisputeOpened: plain(_("Our help desk was asked to look at something")),
        events.DisputeClosed: plain(_("Our help desk has answered")),
    },
    silent=[events.AnsweredAgain, events.BrowserNamed],
)
