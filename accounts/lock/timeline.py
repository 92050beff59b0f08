"""How what is recorded of locks and of changes that were taken back reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.lock import events
from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import Text

_UNDONE: dict[str, Text] = {
    "password": _("the password"),
    "email": _("the email address"),
    "phone": _("the phone number"),
    "factor_added": _("a second step that was added"),
    "factor_removed": _("a second step that was removed"),
    "backup_codes": _("new backup codes"),
    "recovery_address": _("the recovery addresses"),
}


def _undone(data: Data) -> Said:
    title = _("A change was taken back and the account locked")
    return Said(title, str(_UNDONE[data["kind"]]).capitalize(), _("Stopped"), "bad")


tell(
    {
        events.AccountLocked: plain(_("Account locked"), badge=_("Stopped"), kind="bad"),
        events.AccountUnlocked: plain(_("Account unlocked"), badge=_("Changed"), kind="accent"),
        events.ChangeUndone: _undone,
    },
    silent=[events.SignUpVoided],
)
