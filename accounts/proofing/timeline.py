"""How what is recorded of proofs of identity reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.proofing import events
from ciam_portal.core.timeline import Data, Said, plain, tell


def _stopped(data: Data) -> Said:
    if data["expired"]:
        return Said(_("Showing who you are was not finished in time"))
    return Said(_("You stopped showing who you are"))


tell(
    {
        events.CheckStarted: plain(_("You began to show who you are")),
        events.CheckNoted: plain(_("Our staff noted what you showed them")),
        events.IdentityProven: plain(_("Your identity was confirmed"), badge=_("Changed"), kind="accent"),
        events.CheckFailed: plain(_("We could not confirm who you are")),
        events.CheckStopped: _stopped,
        events.EvidenceRemoved: plain(
            _("A confirmation of your identity was removed"), badge=_("Changed"), kind="accent"
        ),
        events.ReproofingDue: plain(_("We reminded you to show again who you are")),
        events.TwinSeen: plain(_("Two of our staff look at what you showed")),
        events.TwinSettled: plain(_("Two of our staff decided about what you showed")),
        events.StaffTrained: plain(_("You may check identities")),
        events.TrainingEnded: plain(_("You no longer check identities")),
    },
    silent=[events.CheckAnswered, events.TwinProposed],
)
