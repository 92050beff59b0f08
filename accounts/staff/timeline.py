"""How what is recorded of staff reads to the customer."""

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.customer.timeline import FIELDS
from accounts.staff import events
from accounts.staff.policy import WhyLook
from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import Text, sentence

_VALUES: dict[str, Text] = FIELDS | {
    "email": _("email address"),
    "passkey": _("name of a passkey"),
    "session": _("network of a session"),
    "recovery": _("recovery address or phone"),
}


def _record_opened(data: Data) -> Said:
    if "reason" in data:
        return Said(
            translate("Help desk viewed your record: %(reason)s") % {"reason": sentence(WhyLook(data["reason"]))}
        )
    one = data["kind"] == "session"
    return Said(_("Our staff looked at one of your sessions") if one else _("Our staff looked at your record"))


def _value_shown(data: Data) -> Said:
    return Said(_("Help desk had something hidden shown to it"), str(_VALUES[data["kind"]]).capitalize())


tell(
    {
        events.RecordOpened: _record_opened,
        events.ValueShown: _value_shown,
        events.RoleGranted: plain(_("You were given a role as staff")),
        events.RoleRevoked: plain(_("A role as staff was taken from you")),
    },
    silent=[
        events.CustomerSearched, events.Looked, events.Exported, events.RoleProposed, events.RoleRejected,
        events.GlassBroken, events.GlassReviewed,
    ],
)  # fmt: skip
