"""How what is recorded of held sign-ups reads to the customer whom the account is then."""

from django.utils.translation import gettext_lazy as _

from accounts.registration import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.SignUpHeld: plain(_("Your sign-up waited for a person to look at it")),
        events.SignUpPassed: plain(_("Your sign-up was looked at and passed")),
        events.SignUpRejected: plain(_("Your sign-up was looked at and not passed")),
        events.SignUpAppealed: plain(_("You asked us to look at your sign-up again")),
    },
    silent=[events.SignUpDropped],
)
