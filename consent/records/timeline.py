"""How what is recorded of choices reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from consent.records import events
from consent.records.policy import State

_LINES = {
    State.GIVEN: Said(_("You allowed a use of your data")),
    State.REFUSED: Said(_("You refused a use of your data")),
    State.WITHDRAWN: Said(_("You took back what you had allowed")),
    State.EXPIRED: Said(_("Something you had allowed ended: its time was up")),
    State.SUPERSEDED: Said(_("Something you had allowed ended: its text changed, so you are asked again")),
    State.PAUSED: Said(_("A use of your data was paused")),
    State.OBJECTED: Said(_("You objected to a use of your data")),
}


def _told(data: Data) -> Said | None:
    """What was said of an app is told with its connection."""
    return None if data["partner"] else _LINES[State(data["states"][0])]


tell(
    {events.ChoicesRecorded: _told, events.EndAnnounced: plain(_("You were told that something you allowed ends"))},
    silent=[events.ConnectionAdopted],
)
