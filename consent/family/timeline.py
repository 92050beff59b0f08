"""How what is recorded of families reads to either side, in its own words."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from consent.family import events


def _added(data: Data) -> Said:
    words = _("This account was made for you") if data["as_child"] else _("You added a child, for whom you answer")
    return Said(words, badge=_("Changed"), kind="accent")


tell(
    {
        events.ChildAdded: _added,
        events.ChildAnsweredFor: plain(_("You answered for a child how its data is used")),
    }
)
