"""How what is recorded of families reads to either side, in its own words."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import Text
from consent.family import events

_LEFT: dict[str, Text] = {
    "guardian": _("You no longer answer for a child"),
    "child": _("Somebody no longer answers for you"),
    "other": _("Another guardian no longer answers for a child"),
}
_REMOVAL: dict[str, Text] = {
    "objected": _("The other guardian does not agree to being removed"),
    "withdrawn": _("It is no longer asked that a guardian be removed"),
    "proposed": _("Our staff proposed what becomes of a guardian"),
    "decided": _("Our staff decided whether a guardian stays"),
}


def _added(data: Data) -> Said:
    words = _("From now on somebody answers for you") if data["as_child"] else _("From now on you answer for a child")
    return Said(words, badge=_("Changed"), kind="accent")


def _asked(data: Data) -> Said:
    return Said(_("You asked another person about a child") if data["asker"] else _("You are asked about a child"))


def _powers(data: Data) -> Said:
    if data["as_child"]:
        words = _("Guardians can do more for you") if data["wider"] else _("Guardians can do less for you")
    else:
        words = _("Guardians can do more for a child") if data["wider"] else _("Guardians can do less for a child")
    return Said(words, badge=_("Changed"), kind="accent")


def _removal(data: Data) -> Said:
    words = _("You asked that another guardian be removed")
    return Said(words if data["asker"] else _("Another guardian asked that you be removed"), kind="warn")


def _age(data: Data) -> Said | None:
    if data["soon"]:
        return None if data["as_child"] else Said(_("You were told that a child comes of age soon"))
    return Said(_("You came of age") if data["as_child"] else _("A child for whom you answer came of age"))


def _handed(data: Data) -> Said:
    mine, theirs = _("A link to get a sign-in of your own was sent"), _("You had a link sent to a young person")
    return Said(mine if data["as_child"] else theirs)


def _claimed(data: Data) -> Said:
    mine, theirs = _("From now on you sign in yourself"), _("A young person signs in themselves from now on")
    return Said(mine if data["as_child"] else theirs, badge=_("Changed"), kind="accent")


def _protected(data: Data) -> Said:
    on, off = _("Our staff paused what guardians can do"), _("Guardians can act again")
    return Said(on if data["on"] else off, badge=_("Changed"), kind="warn" if data["on"] else "accent")


tell(
    {
        events.ChildAdded: _added,
        events.ChildAnsweredFor: plain(_("You answered for a child how its data is used")),
        events.Asked: _asked,
        events.Answered: plain(_("What was asked about a child is answered or over")),
        events.PowersChanged: _powers,
        events.GuardianLeft: lambda data: Said(_LEFT[data["role"]], badge=_("Changed")),
        events.RemovalAsked: _removal,
        events.RemovalAnswered: lambda data: Said(_REMOVAL[data["what"]]),
        events.Protected: _protected,
        events.ComesOfAge: _age,
        events.HandedOver: _handed,
        events.Claimed: _claimed,
        events.Confirmed: plain(_("A guardian may go on to act for you")),
    }
)
