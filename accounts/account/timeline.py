"""How what is recorded of an account's own life reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.account import events
from accounts.customer.timeline import FIELDS
from ciam_portal.core.timeline import Data, Said, plain, tell


def _profile(data: Data) -> Said | None:
    changed = [str(FIELDS[name]) for name in data["fields"] if name in FIELDS]
    return Said(_("Profile changed"), ", ".join(changed).capitalize()) if changed else None


tell(
    {
        events.AccountOpened: plain(_("Account opened")),
        events.SignUpWithKnownAddress: plain(_("Somebody tried to open an account with your address")),
        events.EmailConfirmed: plain(_("Email address confirmed")),
        events.EmailChangeAsked: plain(_("A change of email address was asked for")),
        events.EmailChanged: plain(_("Email address changed"), badge=_("Changed"), kind="accent"),
        events.PasswordChanged: plain(_("Password changed"), badge=_("Changed"), kind="accent"),
        events.ProfileChanged: _profile,
    },
    silent=[events.OpenedForAnother, events.ProofSent, events.UnprovenAccountRemoved, events.MailboxSettled],
    repeated=[events.SignUpWithKnownAddress],
)
