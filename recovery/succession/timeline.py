"""How what is recorded of successors reads to the customer, and to whom they named."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, Teller, plain, tell
from ciam_portal.core.words import Text
from recovery.succession import events


def _sides(customer: Text, successor: Text, *, badge: Text = "", kind: str = "") -> Teller:
    return lambda data: Said(customer if data["as_customer"] else successor, badge=badge, kind=kind)


def _answered(data: Data) -> Said:
    if data["accepted"]:
        return _sides(_("Your successor agreed"), _("You agreed to be a successor"), badge=_("Changed"))(data) or Said(
            ""
        )
    return _sides(_("Somebody did not want to be your successor"), _("You do not want to be a successor"))(
        data
    ) or Said("")


tell(
    {
        events.Named: plain(_("You named a successor"), badge=_("Changed"), kind="accent"),
        events.Answered: _answered,
        events.Removed: _sides(
            _("You have no successor any longer"), _("You are a successor no longer"), badge=_("Changed"), kind="accent"
        ),
        events.Opened: _sides(
            _("Your successor says that you cannot look after things yourself"),
            _("You said that somebody cannot look after things"), badge=_("Unusual"), kind="bad",
        ),
        events.Approved: _sides(
            _("Your successor may act for you soon"), _("You may act for somebody soon"),
            badge=_("Unusual"), kind="bad",
        ),
        events.Begun: _sides(
            _("Your successor may act for you from now on"), _("As a successor you may act from now on"),
            badge=_("Unusual"), kind="bad",
        ),
        events.Rejected: _sides(
            _("Our help desk did not believe your successor"), _("Our help desk did not agree with you as a successor")
        ),
        events.Stopped: _sides(
            _("You are there: your successor may do nothing"), _("Somebody is there, so you need not act for them"),
            badge=_("Stopped"), kind="accent",
        ),
    },
    silent=[events.Noted, events.Proposed, events.ToldAgain],
)  # fmt: skip
