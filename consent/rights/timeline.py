"""How what is recorded of requests reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import sentence
from consent.rights import events
from consent.rights.policy import Answer, WhyLonger


def _answered(data: Data) -> Said:
    return Said(_("Your request about your data was answered"), sentence(Answer(data["answer"])))


def _extended(data: Data) -> Said:
    return Said(_("Your request about your data takes longer"), sentence(WhyLonger(data["reason"])))


tell(
    {
        events.RequestMade: plain(_("You asked for something about your data")),
        events.RequestWithdrawn: plain(_("You took back a request about your data")),
        events.RequestExtended: _extended,
        events.RequestAnswered: _answered,
        events.UseRestricted: plain(_("The use of your data was restricted"), badge=_("Changed"), kind="accent"),
        events.UseGoesOn: plain(_("The use of your data goes on"), badge=_("Changed"), kind="accent"),
    },
    silent=[events.StaffReminded],
)
