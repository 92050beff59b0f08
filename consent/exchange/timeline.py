"""How what is recorded of token exchange reads to the customer: only that somebody acts for another."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.exchange import events

tell(
    {
        events.DelegateAdmitted: plain(_("Somebody acted for you in an app")),
        events.ActedInApp: plain(_("You acted for somebody else in an app")),
    },
    silent=[events.TokenExchanged, events.ExchangeRefused],
)
