"""How what is recorded of resets reads to the customer."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from recovery.reset import events

tell(
    {
        events.ResetAsked: plain(_("A link for a new password was asked for")),
        events.PasswordReset: plain(_("New password set with a link"), badge=_("Changed"), kind="accent"),
    },
    repeated=[events.ResetAsked],
    unless=Q(name=events.ResetAsked.name, data__sent=False),
)
