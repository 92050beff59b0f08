"""How what is recorded of recovery contacts reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from recovery.contacts import events


def _invited(data: Data) -> Said | None:
    return Said(_("Somebody was asked to be your recovery contact"), badge=_("Changed")) if data["sent"] else None


tell(
    {
        events.ContactInvited: _invited,
        events.ContactAccepted: plain(_("A recovery contact agreed"), badge=_("Changed"), kind="accent"),
        events.ContactDeclined: plain(_("Somebody did not want to be your recovery contact")),
        events.ContactRemoved: plain(_("A recovery contact was removed"), badge=_("Changed"), kind="accent"),
        events.ContactPutBack: plain(_("A recovery contact is back"), badge=_("Changed"), kind="accent"),
        events.ContactSawCode: plain(_("A recovery contact was shown a code"), badge=_("Unusual"), kind="warn"),
    },
    silent=[events.Reminded],
)
