"""How what is recorded of restrictions reads to the customer."""

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.restrictions import events
from accounts.restrictions.policy import RestrictionKind, WhyRestrict, told
from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import sentence


def _restricted(data: Data) -> Said:
    because = translate("Reason: %(reason)s") % {"reason": sentence(told(WhyRestrict(data["reason"]), data["kind"]))}
    if data["kind"] == RestrictionKind.LEGAL_HOLD:
        return Said(_("Our staff made sure that nothing of yours is erased for a while"), because, _("Asked"), "warn")
    if data["kind"] == RestrictionKind.SUSPEND:
        return Said(_("Our staff paused your account for a while"), because, _("Stopped"), "bad")
    return Said(_("Our staff asked you to confirm more often for a while"), because, _("Asked"), "warn")


def _reviewed(data: Data) -> Said:
    if data["stands"]:
        return Said(_("Another person of our staff looked at the restriction: it stands"))
    return Said(_("Another person of our staff looked at the restriction: it does not stand"))


tell(
    {
        events.Restricted: _restricted,
        events.RestrictionReviewed: _reviewed,
        events.RestrictionEnded: plain(_("Our staff ended a restriction early"), badge=_("Changed"), kind="accent"),
    },
    silent=[events.RestrictionContested],
)
