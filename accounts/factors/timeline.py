"""How what is recorded of sign-in methods reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.factors import events
from ciam_portal.core.timeline import of_method, plain, tell

tell(
    {
        events.FactorAdded: of_method(_("A second step was added"), badge=_("Changed"), kind="accent"),
        events.FactorRemoved: of_method(_("A second step was removed"), badge=_("Changed"), kind="accent"),
        events.PasskeyRenamed: plain(_("A passkey got another name")),
        events.BackupCodesMade: plain(_("New backup codes"), badge=_("Changed"), kind="accent"),
        events.FactorFailed: of_method(_("A wrong answer"), badge=_("Failed"), kind="warn"),
        events.PasskeyCounterWentBack: plain(
            _("A passkey was refused: it may have been copied"), badge=_("Stopped"), kind="bad"
        ),
    },
    silent=[events.FactorsReplaced, events.FactorUsed, events.StepUpCodeSent],
    repeated=[events.FactorFailed],
)
