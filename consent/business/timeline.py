"""How what is recorded of businesses reads: on the business's own page, to whom it is about, and to who did it."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, Teller, tell
from ciam_portal.core.words import Text
from consent.business import events
from consent.business.events import Side
from consent.business.shapes import Removal


def _sides(business: Text, member: Text, owner: Text, *, badge: Text = "", kind: str = "") -> Teller:
    words = {Side.BUSINESS: business, Side.MEMBER: member, Side.OWNER: owner}
    return lambda data: Said(words[Side(data["side"])], badge=badge, kind=kind)


def _owners(business: Text, owner: Text, *, badge: Text = "", kind: str = "") -> Teller:
    """Of what is about nobody but the business."""
    return _sides(business, business, owner, badge=badge, kind=kind)


_OVER: dict[str, tuple[Text, Text]] = {
    Removal.DONE: (_("An owner was removed"), _("You are an owner of a business no longer")),
    Removal.STAYS: (_("An owner whose removal was asked for stays"), _("You stay an owner of a business")),
    Removal.OFF: (_("The removal of an owner is off"), _("Your removal as an owner is off")),
}


def _removal_ended(data: Data) -> Said:
    return Said(_OVER[data["state"]][1 if data["side"] == Side.MEMBER else 0])


_CHANGED = _("Changed")

tell(
    {
        events.Founded: _sides(
            _("The business was created"), _("You created a business"), _("You created a business"),
            badge=_CHANGED, kind="accent",
        ),
        events.Invited: _owners(_("Somebody was invited"), _("You invited somebody to a business")),
        events.InvitationEnded: _owners(_("An invitation is over"), _("An invitation to a business is over")),
        events.Joined: _sides(
            _("Somebody became a member"), _("You became a member of a business"), _("Somebody became a member"),
            badge=_CHANGED, kind="accent",
        ),
        events.Assigned: _sides(
            _("What a member may do was changed"), _("What you may do for a business was changed"),
            _("You changed what somebody may do for a business"), badge=_CHANGED,
        ),
        events.MadeOwner: _sides(
            _("A member became an owner"), _("You became an owner of a business"),
            _("You made somebody an owner of a business"), badge=_CHANGED, kind="accent",
        ),
        events.NoOwner: _sides(
            _("An owner is one no longer"), _("You are an owner of a business no longer"),
            _("An owner is one no longer"), badge=_CHANGED,
        ),
        events.Gone: _sides(
            _("Somebody is a member no longer"), _("You are a member of a business no longer"),
            _("You removed somebody from a business"), badge=_CHANGED,
        ),
        events.Rested: _owners(
            _("Everything was stopped"), _("You stopped everything that is done for a business"), badge=_("Stopped")
        ),
        events.RoleSaved: _owners(_("A role was changed"), _("You changed a role of a business"), badge=_CHANGED),
        events.RoleDropped: _owners(_("A role was removed"), _("You removed a role of a business")),
        events.Renamed: _owners(_("The business has another name"), _("You gave a business another name")),
        events.RemovalAsked: _sides(
            _("The removal of an owner was asked for"), _("Your removal as an owner of a business was asked for"),
            _("You asked for the removal of an owner"), badge=_("Waits"), kind="warn",
        ),
        events.RemovalAgreed: _sides(
            _("Another owner agreed to a removal"), _("Another owner agreed to your removal"),
            _("You agreed to the removal of an owner"),
        ),
        events.RemovalObjected: _sides(
            _("An owner objects to their removal"), _("You objected to your removal"),
            _("An owner objects to their removal"), badge=_("Waits"), kind="warn",
        ),
        events.RemovalEnded: _removal_ended,
        events.Closed: _owners(_("The business was closed"), _("You closed a business"), badge=_CHANGED, kind="warn"),
        events.Kept: _owners(_("The business is kept after all"), _("You kept a business after all"), badge=_CHANGED),
    },
    silent=[events.VerdictProposed, events.VerdictSentBack],
)  # fmt: skip
