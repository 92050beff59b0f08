"""How what is recorded of delegations reads to either side, in its own words."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, Teller, tell
from ciam_portal.core.words import Text
from consent.delegation import events
from consent.delegation.shapes import Asked


def sides(owner: Text, delegate: Text, *, badge: Text = "", kind: str = "") -> Teller:
    """What the owner reads, and what whoever acts for them does."""
    return lambda data: Said(owner if data["as_owner"] else delegate, badge=badge, kind=kind)


_REQUEST: dict[str, tuple[Text, Text]] = {
    Asked.REFUSED: (_("You did not let somebody act for you"), _("Somebody does not want you to act for them")),
    Asked.WITHDRAWN: (_("A request to act for you was taken back"), _("You took back a request to act for somebody")),
    Asked.EXPIRED: (
        _("A request to act for you was not answered"),
        _("Your request to act for somebody was not answered"),
    ),
}


def _request_ended(data: Data) -> Said:
    return Said(_REQUEST[data["state"]][0 if data["as_owner"] else 1])


def _offered(_data: Data) -> Said:
    return Said(_("You invited somebody to act for you"), badge=_("Changed"), kind="accent")


tell(
    {
        events.Offered: _offered,
        events.Requested: sides(_("Somebody asks to act for you"), _("You asked to act for somebody")),
        events.RequestEnded: _request_ended,
        events.Began: sides(
            _("From now on somebody may act for you"), _("From now on you may act for somebody"),
            badge=_("Changed"), kind="accent",
        ),
        events.Paused: sides(
            _("Somebody may not act for you for now"), _("You may not act for somebody for now"), badge=_("Changed")
        ),
        events.Resumed: sides(
            _("Somebody may act for you again"), _("You may act for somebody again"), badge=_("Changed"), kind="accent"
        ),
        events.Changed: sides(
            _("What somebody may do for you was changed"), _("What you may do for somebody was changed"),
            badge=_("Changed"), kind="accent",
        ),
        events.Ended: sides(
            _("Somebody can no longer act for you"), _("You can no longer act for somebody"), badge=_("Changed")
        ),
        events.Acted: sides(_("Something was done for you"), _("You did something for somebody")),
    },
    silent=[events.Reminded],
)  # fmt: skip
