"""How what owners do about their apps reads to them."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.console import events
from ciam_portal.core.timeline import Data, Said, plain, tell


def _let(data: Data) -> Said:
    if data["enabled"]:
        return Said(_("You let people act for others in an app that you answer for"))
    return Said(_("You let nobody act for others any more in an app that you answer for"))


tell(
    {
        events.ChangeAsked: plain(_("You asked for a change of an app that you answer for")),
        events.Managed: plain(_("You changed something about an app that you answer for")),
        events.DelegatesLet: _let,
    },
    silent=[events.ChangeDecided],
)
