"""How what is recorded of the help desk's part reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import Text
from recovery.desk import events

_ASKED: dict[str, Text] = {
    "read_back": _("Our help desk sent you a code to be read back"),
    "called_back": _("Our help desk looked at your phone number, to call you"),
    "document": _("Our help desk asked for an identity document"),
    "in_session": _("Our help desk asked you a question in this portal"),
}
_NOTED: dict[str, Text] = {
    "read_back": _("The code was read back to our help desk"),
    "called_back": _("Our help desk says that it called your number"),
    "document": _("Our help desk noted what an identity document shows"),
    "in_session": _("The question of our help desk was answered in this portal"),
}
_CAME: dict[str, Text] = {
    "confirmed": _("Confirmed"),
    "not_reached": _("Not reached"),
    "denied": _("Denied"),
    "differs": _("Somebody else's"),
    "unreadable": _("Not readable"),
}


def _asked(data: Data) -> Said:
    return Said(_ASKED[data["way"]])


def _noted(data: Data) -> Said:
    return Said(_NOTED[data["way"]], str(_CAME[data["outcome"]]))


def _approved(data: Data) -> Said:
    if data["ready_at"] is None:
        return Said(_("A second one of our people agreed to help the caller; it takes a third"))
    return Said(_("Our people agreed to help the caller"), badge=_("Unusual"), kind="warn")


tell(
    {
        events.DeskBegan: plain(_("Our help desk was called in your name"), badge=_("Unusual"), kind="warn"),
        events.DeskAsked: _asked,
        events.DeskNoted: _noted,
        events.DeskMissed: plain(_("A wrong code was read to our help desk"), badge=_("Failed"), kind="warn"),
        events.RecoveryProposed: plain(_("One of our people proposed to help the caller")),
        events.RecoveryApproved: _approved,
        events.RecoveryRejected: plain(_("Our help desk stopped the recovery"), badge=_("Stopped"), kind="bad"),
        events.RecoveryLinkSent: plain(_("A link to finish the recovery was sent")),
        events.RecoveryClaimed: plain(_("The link to finish the recovery was used"), badge=_("Unusual"), kind="warn"),
    },
    silent=[events.DeskTook, events.DeskLetGo],
)
