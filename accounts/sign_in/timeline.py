"""How what is recorded of coming in reads to the customer."""

from django.db.models import Q
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.sign_in import events
from ciam_portal.core.timeline import Data, Said, methods, of_method, plain, tell


def _signed_in(data: Data) -> Said:
    more = translate("With %(methods)s") % {"methods": methods(data["methods"])} if data["methods"] else ""
    new = bool(data["new_device"])
    return Said(_("Signed in"), more, _("New browser") if new else "", "warn" if new else "")


def _assessed(data: Data) -> Said | None:
    match data["answer"]:
        case "step_up":
            return Said(_("Password accepted, one more step asked for"), kind="accent", badge=_("Asked"))
        case "hold":
            return Said(_("A sign-in has to wait"), kind="warn", badge=_("On hold"))
        case "deny":
            return Said(_("A sign-in with your password was stopped"), kind="bad", badge=_("Stopped"))
    return None  # what was allowed shows as the sign-in itself


def _failed(data: Data) -> Said:
    title = _("Signing in paused after wrong passwords") if data["paused"] else _("Wrong password")
    return Said(title, kind="warn", badge=_("Failed"))


tell(
    {
        events.SignedIn: _signed_in,
        events.SignInAssessed: _assessed,
        events.SignInFailed: _failed,
        events.DeviceCopied: plain(_("A browser of yours may have been copied"), badge=_("Copied"), kind="bad"),
        events.SteppedUp: of_method(_("Shown again that it is you")),
    },
    silent=[events.Recognition, events.DeviceRemembered, events.SignInCodeSent, events.SecondStepFailed],
    repeated=[events.SignInFailed, events.SignInAssessed],
    unless=Q(name=events.SignInAssessed.name, data__answer="allow"),
)
