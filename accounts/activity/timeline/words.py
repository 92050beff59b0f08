"""What each recorded event means to the customer it is about. Events that are not named here are not shown to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.restrictions.policy import Kind, WhyRestrict, told
from accounts.staff.policy import WhyLook
from ciam_portal.core.policy.assurance import Method

Text = str | Promise
Data = Mapping[str, Any]

METHODS: dict[str, Text] = {
    Method.PASSWORD: _("password"),
    Method.TOTP: _("authenticator app"),
    Method.BACKUP_CODE: _("backup code"),
    Method.PASSKEY: _("passkey"),
    Method.SECURITY_KEY: _("security key"),
    Method.EMAIL_CODE: _("code by mail"),
}
FIELDS: dict[str, Text] = {
    "name": _("name"),
    "phone": _("phone number"),
    "locale": _("language"),
    "timezone": _("time zone"),
}
_PAUSED = _("Signing in paused after wrong passwords")
_ENDED: dict[str, Text] = {
    "signed_out": _("Signed out"),
    "disowned": _("Session ended, because it was not you"),
    "credentials_changed": _("Session ended after a change of security"),
    "risk_rose": _("Session ended to protect your account"),
    "locked": _("Session ended, because the account was locked"),
    "restricted": _("Session ended, because the account was suspended"),
    "undone": _("Session ended, because a change was taken back"),
    "role_changed": _("Session ended, because your role as staff changed"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One line: its title, a few words more, and a badge. ``kind`` as in badge.html."""

    title: Text
    more: str = ""
    badge: Text = ""
    kind: str = ""


def methods(names: Any) -> str:  # noqa: ANN401  (a stored list)
    """Ways of proving, in words; one that this release does not know is left out."""
    known = [str(METHODS[name]) for name in names if name in METHODS]
    return ", ".join(known)


def _plain(title: Text, *, badge: Text = "", kind: str = "") -> Callable[[Data], Said]:
    return lambda _data: Said(title, badge=badge, kind=kind)


def _signed_in(data: Data) -> Said:
    more = translate("With %(methods)s") % {"methods": methods(data["methods"])} if data["methods"] else ""
    new = bool(data["new_device"])
    return Said(_("Signed in"), more, _("New browser") if new else "", "warn" if new else "")


def _weighed(data: Data) -> Said | None:
    match data["answer"]:
        case "step_up":
            return Said(_("Password accepted, more proof asked for"), kind="accent", badge=_("Asked"))
        case "hold":
            return Said(_("A sign-in has to wait"), kind="warn", badge=_("On hold"))
        case "deny":
            return Said(_("A sign-in with your password was stopped"), kind="bad", badge=_("Stopped"))
    return None  # what was allowed shows as the sign-in itself


def ended(reason: str) -> str:
    """How a session ended."""
    return str(_ENDED.get(reason, _("A session was ended")))


def _ended(data: Data) -> Said:
    return Said(ended(data["reason"]))


def _all_ended(data: Data) -> Said | None:
    return Said(_("Signed out everywhere else")) if data["sessions_ended"] else None


def _of_method(title: Text, *, badge: Text = "", kind: str = "") -> Callable[[Data], Said]:
    def say(data: Data) -> Said:
        return Said(title, methods([data["method"]]).capitalize(), badge, kind)

    return say


def _profile(data: Data) -> Said | None:
    changed = [str(FIELDS[name]) for name in data["fields"] if name in FIELDS]
    return Said(_("Profile changed"), ", ".join(changed).capitalize()) if changed else None


UNDONE: dict[str, Text] = {
    "password": _("the password"),
    "email": _("the e-mail address"),
    "phone": _("the phone number"),
    "factor_added": _("a second step that was added"),
    "factor_removed": _("a second step that was removed"),
    "backup_codes": _("new backup codes"),
    "recovery_address": _("the recovery addresses"),
}


def _undone(data: Data) -> Said:
    return Said(
        _("A change was taken back and the account locked"), str(UNDONE[data["kind"]]).capitalize(), _("Stopped"), "bad"
    )


def _reset_asked(data: Data) -> Said | None:
    return Said(_("A link for a new password was asked for")) if data["sent"] else None


def _contact_invited(data: Data) -> Said | None:
    return Said(_("Somebody was asked to be your recovery contact"), badge=_("Changed")) if data["sent"] else None


def _record_opened(data: Data) -> Said:
    if "reason" in data:
        return Said(
            translate("Help desk viewed your record: %(reason)s") % {"reason": WhyLook.of(data["reason"]).words}
        )
    one = data["kind"] == "session"
    return Said(_("Our staff looked at one of your sessions") if one else _("Our staff looked at your record"))


VALUES: dict[str, Text] = FIELDS | {
    "email": _("e-mail address"),
    "passkey": _("name of a passkey"),
    "session": _("network of a session"),
    "recovery": _("recovery address or phone"),
}


def _value_shown(data: Data) -> Said:
    return Said(_("Help desk had something hidden shown to it"), str(VALUES[data["kind"]]).capitalize())


def _restricted(data: Data) -> Said:
    because = translate("Reason: %(reason)s") % {"reason": told(WhyRestrict.of(data["reason"]))}
    if data["kind"] == Kind.SUSPEND:
        return Said(_("Our staff suspended your account for a while"), because, _("Stopped"), "bad")
    return Said(_("Our staff asked for more proof on your account for a while"), because, _("Asked"), "warn")


def _reviewed(data: Data) -> Said:
    if data["stands"]:
        return Said(_("Another person of our staff looked at the restriction: it stands"))
    return Said(_("Another person of our staff looked at the restriction: it does not stand"))


_DESK_ASKED: dict[str, Text] = {
    "read_back": _("Our help desk sent you a code to be read back"),
    "called_back": _("Our help desk looked at your phone number, to call you"),
    "document": _("Our help desk asked for an identity document"),
    "in_session": _("Our help desk asked you a question in this portal"),
}
_DESK_NOTED: dict[str, Text] = {
    "read_back": _("The code was read back to our help desk"),
    "called_back": _("Our help desk says that it called your number"),
    "document": _("Our help desk noted what an identity document shows"),
    "in_session": _("The question of our help desk was answered in this portal"),
}
_DESK_CAME: dict[str, Text] = {
    "confirmed": _("Confirmed"),
    "not_reached": _("Not reached"),
    "denied": _("Denied"),
    "differs": _("Somebody else's"),
    "unreadable": _("Not readable"),
}


def _desk_asked(data: Data) -> Said:
    return Said(_DESK_ASKED[data["way"]])


def _desk_noted(data: Data) -> Said:
    return Said(_DESK_NOTED[data["way"]], str(_DESK_CAME[data["outcome"]]))


def _approved(data: Data) -> Said:
    if data["ready_at"] is None:
        return Said(_("A second one of our people agreed to help the caller; it takes a third"))
    return Said(_("Our people agreed to help the caller"), badge=_("Unusual"), kind="warn")


def _failed(data: Data) -> Said:
    bad: Text = _PAUSED if data["paused"] else _("Wrong password")
    return Said(bad, kind="warn", badge=_("Failed"))


EVENTS: dict[str, Callable[[Data], Said | None]] = {
    "sign_in.completed": _signed_in,
    "sign_in.weighed": _weighed,
    "sign_in.failed": _failed,
    "session.stepped_up": _of_method(_("Shown again that it is you")),
    "session.ended": _ended,
    "session.all_ended": _all_ended,
    "session.changed_browser": _plain(_("A session went on in another browser"), badge=_("Unusual"), kind="warn"),
    "account.opened": _plain(_("Account opened")),
    "account.sign_up_with_known_address": _plain(_("Somebody tried to open an account with your address")),
    "account.email_confirmed": _plain(_("E-mail address confirmed")),
    "account.email_change_asked": _plain(_("A change of e-mail address was asked for")),
    "account.email_changed": _plain(_("E-mail address changed"), badge=_("Changed"), kind="accent"),
    "account.password_changed": _plain(_("Password changed"), badge=_("Changed"), kind="accent"),
    "account.wrong_password": _plain(_("Wrong password"), badge=_("Failed"), kind="warn"),
    "account.profile_changed": _profile,
    "account.locked": _plain(_("Account locked"), badge=_("Stopped"), kind="bad"),
    "account.unlocked": _plain(_("Account unlocked"), badge=_("Changed"), kind="accent"),
    "account.change_undone": _undone,
    "factor.added": _of_method(_("A second step was added"), badge=_("Changed"), kind="accent"),
    "factor.removed": _of_method(_("A second step was removed"), badge=_("Changed"), kind="accent"),
    "factor.renamed": _plain(_("A passkey got another name")),
    "factor.backup_codes_made": _plain(_("New backup codes"), badge=_("Changed"), kind="accent"),
    "factor.failed": _of_method(_("A wrong answer"), badge=_("Failed"), kind="warn"),
    "factor.counter_went_back": _plain(
        _("A passkey was refused: it may have been copied"), badge=_("Stopped"), kind="bad"
    ),
    "recovery.reset_asked": _reset_asked,
    "recovery.password_reset": _plain(_("New password set with a link"), badge=_("Changed"), kind="accent"),
    "recovery.opened": _plain(_("A recovery of your account began"), badge=_("Unusual"), kind="warn"),
    "recovery.shown": _plain(_("Something was shown to recover your account")),
    "recovery.waits": _plain(_("The recovery began to wait")),
    "recovery.ready": _plain(_("The recovery could be finished")),
    "sign_in.device_copied": _plain(_("A browser of yours may have been copied"), badge=_("Copied"), kind="bad"),
    "recovery.cancelled": _plain(_("The recovery was stopped"), badge=_("Stopped"), kind="bad"),
    "recovery.expired": _plain(_("The recovery came to nothing")),
    "recovery.completed": _plain(_("Your account was recovered"), badge=_("Changed"), kind="accent"),
    "recovery.desk_began": _plain(_("Our help desk was called in your name"), badge=_("Unusual"), kind="warn"),
    "recovery.desk_asked": _desk_asked,
    "recovery.desk_noted": _desk_noted,
    "recovery.desk_missed": _plain(_("A wrong code was read to our help desk"), badge=_("Failed"), kind="warn"),
    "recovery.proposed": _plain(_("One of our people proposed to help the caller")),
    "recovery.approved": _approved,
    "recovery.rejected": _plain(_("Our help desk stopped the recovery"), badge=_("Stopped"), kind="bad"),
    "recovery.link_sent": _plain(_("A link to finish the recovery was sent")),
    "recovery.claimed": _plain(_("The link to finish the recovery was used"), badge=_("Unusual"), kind="warn"),
    "recovery.address_added": _plain(_("A recovery address was added"), badge=_("Changed"), kind="accent"),
    "recovery.address_removed": _plain(_("A recovery address was removed"), badge=_("Changed"), kind="accent"),
    "recovery.contact_invited": _contact_invited,
    "recovery.contact_accepted": _plain(_("A recovery contact agreed"), badge=_("Changed"), kind="accent"),
    "recovery.contact_declined": _plain(_("Somebody did not want to be your recovery contact")),
    "recovery.contact_removed": _plain(_("A recovery contact was removed"), badge=_("Changed"), kind="accent"),
    "recovery.contact_put_back": _plain(_("A recovery contact is back"), badge=_("Changed"), kind="accent"),
    "recovery.contact_saw_code": _plain(_("A recovery contact was shown a code"), badge=_("Unusual"), kind="warn"),
    "consent.given": _plain(_("App connected")),
    "consent.changed": _plain(_("What an app may see was changed")),
    "consent.denied": _plain(_("App not connected: you said no")),
    "consent.withdrawn": _plain(_("App disconnected")),
    "oauth.code_reused": _plain(_("An app's key was used twice, so it was ended"), badge=_("Stopped"), kind="bad"),
    "oauth.refresh_reused": _plain(_("An app's key was used twice, so it was ended"), badge=_("Stopped"), kind="bad"),
    "activity.was_me": _plain(_("You said that a sign-in was you")),
    "activity.not_me": _plain(_("You said that a sign-in was not you"), badge=_("Stopped"), kind="bad"),
    "dispute.opened": _plain(_("Our help desk was asked to look at something")),
    "dispute.closed": _plain(_("Our help desk has answered")),
    "approval.redeemed": _plain(_("An app did what you had approved")),
    "staff.record_opened": _record_opened,
    "staff.value_shown": _value_shown,
    "restriction.begun": _restricted,
    "restriction.reviewed": _reviewed,
    "restriction.ended": _plain(_("Our staff ended a restriction early"), badge=_("Changed"), kind="accent"),
    "staff.role_granted": _plain(_("You were given a role as staff")),
    "staff.role_revoked": _plain(_("A role as staff was taken from you")),
}
# How the gate's answers read; what was wanted follows (``explain.doing``).
ANSWERS: dict[str, Callable[[], Said]] = {
    "step_up": lambda: Said(_("More proof asked for"), badge=_("Asked"), kind="accent"),
    "hold": lambda: Said(_("This had to wait"), badge=_("On hold"), kind="warn"),
    "deny": lambda: Said(_("This was stopped"), badge=_("Stopped"), kind="bad"),
}


def say(name: str, data: Data) -> Said | None:
    """The line for an event; None if it is not the customer's business, or not in a form this release knows."""
    known = EVENTS.get(name)
    try:
        return known(data) if known else None
    except (KeyError, TypeError, ValueError):
        return None
