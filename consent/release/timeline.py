"""How what is recorded of what partners were given reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.release import events

_REUSED = plain(_("An app's key was used twice, so it was ended"), badge=_("Stopped"), kind="bad")

tell(
    {events.CodeReused: _REUSED, events.RefreshReused: _REUSED},
    silent=[
        events.CodeIssued, events.CodeExchanged, events.CodeRefused, events.TokensRefreshed, events.RefreshRefused,
        events.PartnerAuthorized, events.TokenReturned,
    ],
)  # fmt: skip
