"""How what is recorded of copies reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from consent.export import events


def _asked(data: Data) -> Said | None:
    return None if data["again"] else Said(_("You asked for a copy of your data"), badge=_("Changed"), kind="accent")


tell(
    {
        events.ExportAsked: _asked,
        events.ExportMade: plain(_("The copy of your data is ready")),
        events.ExportFailed: plain(_("The copy of your data could not be made"), badge=_("Stopped"), kind="bad"),
        events.ExportTaken: plain(_("The copy of your data was downloaded"), badge=_("Changed"), kind="accent"),
        events.ExportDropped: plain(_("The copy of your data was deleted")),
    }
)
