"""How what is recorded of other services reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.upstream import events
from ciam_portal.core.timeline import plain, tell

tell(
    {
        events.OpenedWithUpstream: plain(_("An account with your address was asked for with a sign-in elsewhere")),
        events.UpstreamLinked: plain(_("A sign-in with another service was linked"), badge=_("Changed"), kind="accent"),
        events.UpstreamUnlinked: plain(
            _("A sign-in with another service was unlinked"), badge=_("Changed"), kind="accent"
        ),
    },
    silent=[events.UpstreamUsed],
)
