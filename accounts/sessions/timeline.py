"""How what is recorded of live sessions reads to the customer."""

from django.utils.translation import gettext_lazy as _

from accounts.sessions import events
from ciam_portal.core.timeline import Data, Said, plain, tell
from ciam_portal.core.words import Text

_ENDED: dict[str, Text] = {
    "signed_out": _("Signed out"),
    "disowned": _("Session ended, because it was not you"),
    "credentials_changed": _("Session ended after a change of security"),
    "risk_rose": _("Session ended to protect your account"),
    "locked": _("Session ended, because the account was locked"),
    "restricted": _("Session ended, because the account was paused"),
    "undone": _("Session ended, because a change was taken back"),
    "one_too_many": _("Session ended, because you signed in at one place more"),
    "role_changed": _("Session ended, because your role as staff changed"),
}


def ended(reason: str) -> str:
    """How a session ended."""
    return str(_ENDED.get(reason, _("A session was ended")))


def _ended(data: Data) -> Said:
    return Said(ended(data["reason"]))


def _all_ended(data: Data) -> Said | None:
    return Said(_("Signed out everywhere else")) if data["sessions_ended"] else None


def _abroad(data: Data) -> Said | None:
    if not data.get("abroad"):
        return None
    return Said(_("A session went on in another country, sooner than anybody travels"), badge=_("Unusual"), kind="warn")


tell(
    {
        events.SessionEnded: _ended,
        events.SessionsEnded: _all_ended,
        events.AppEnded: plain(_("An app on a device was signed out")),
        events.SessionChangedPlace: _abroad,
        events.SessionChangedBrowser: plain(_("A session went on in another browser"), badge=_("Unusual"), kind="warn"),
    },
)
