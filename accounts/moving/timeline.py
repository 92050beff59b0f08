"""How what is recorded of customers from elsewhere reads to them."""

from django.utils.translation import gettext_lazy as _

from accounts.moving import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.Imported: plain(_("Your account was brought here from our former system")),
        events.OldPasswordEnded: plain(_("Your former password no longer works, because it was not used for long")),
    },
    silent=[events.MoveProposed, events.MoveApproved, events.MoveRejected, events.MoveEnded],
)
