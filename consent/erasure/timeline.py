"""How what is recorded of deleting an account reads to the customer, as long as there is one."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.erasure import events

tell(
    {
        events.DeletionAsked: plain(_("Deletion of the account asked for"), badge=_("Changed"), kind="bad"),
        events.DeletionKept: plain(_("Account kept after all"), badge=_("Changed"), kind="accent"),
    },
    silent=[events.DeletionReminded, events.ErasureBegan, events.AccountErased],
)
