"""How what is recorded of what agents ask reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from consent.approvals import events
from consent.approvals.shapes import State


def _ended(data: Data) -> Said | None:
    words = {
        State.EXPIRED: _("You did not answer in time what a program asked you"),
        State.WITHDRAWN: _("What a program asked you is over, without an answer or before it was used"),
    }
    found = words.get(data["state"])
    return Said(found) if found else None


def _refused(data: Data) -> Said:
    if data["paused"]:
        return Said(_("You refused what a program asked you, again: it is paused now"), badge=_("Changed"))
    return Said(_("You refused what a program asked you"))


tell(
    {
        events.AgentAsked: plain(_("A program that acts for you asked for your approval")),
        events.AgentRefused: _refused,
        events.AskEnded: _ended,
        events.AnswerFetched: plain(_("A program can do now what you approved, once")),
    },
    silent=[events.AgentApproved, events.AnswerNotFetched],  # what was approved, ``details`` tells
)
