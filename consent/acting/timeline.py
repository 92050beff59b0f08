"""How what is recorded of acting reads to either side, in its own words."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, Teller, tell
from ciam_portal.core.words import Text
from consent.acting import events


def _sides(owner: Text, delegate: Text, *, badge: Text = "", kind: str = "") -> Teller:
    def say(data: Data) -> Said:
        return Said(owner if data["as_owner"] else delegate, badge=badge, kind=kind)

    return say


tell(
    {
        events.Begun: _sides(_("Somebody began to act for you"), _("You began to act for somebody")),
        events.Looked: _sides(_("Somebody who acts for you saw your details"), _("You saw the details of somebody")),
        events.Stopped: _sides(_("Somebody stopped acting for you"), _("You stopped acting for somebody")),
        events.Turned: _sides(
            _("Somebody wanted to act for you and was refused"), _("You wanted to act for somebody and were refused"),
            badge=_("Stopped"), kind="bad",
        ),
    },
    repeated=[events.Looked, events.Turned],
)  # fmt: skip
