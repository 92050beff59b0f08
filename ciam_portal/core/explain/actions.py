"""What somebody wanted to do, in words that fit after a colon ("Refused: changing your email address")."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.policy.catalogue import GATEWAY, PARTNER, USE_SCOPE, Action
from ciam_portal.core.words import Text

DOING: dict[Action, Text] = {
    Action.SIGN_UP: _("opening an account"),
    Action.SIGN_IN: _("signing in"),
    Action.SEE_PROFILE: _("seeing your profile"),
    Action.EDIT_PROFILE: _("changing your profile"),
    Action.CHANGE_EMAIL: _("changing your email address"),
    Action.CHANGE_PHONE: _("changing your phone number"),
    Action.CHANGE_RECOVERY_ADDRESS: _("changing how you get back in"),
    Action.CHANGE_PASSWORD: _("changing your password"),
    Action.ADD_FACTOR: _("adding a second step"),
    Action.REMOVE_FACTOR: _("removing a second step"),
    Action.LINK_SIGN_IN: _("linking a sign-in with another service"),
    Action.VIEW_BACKUP_CODES: _("looking after your backup codes"),
    Action.ANSWER_ABOUT_SIGN_IN: _("saying whether a sign-in was you"),
    Action.APPROVE_CONSENT: _("connecting an app"),
    Action.WIDEN_CONSENT: _("letting a connected app see more"),
    Action.APPROVE_OFFLINE: _("letting an app stay connected while you are away"),
    Action.MANAGE_PARTNER: _("looking after an app that you answer for"),
    Action.EXPORT_DATA: _("exporting your data"),
    Action.DELETE_ACCOUNT: _("deleting your account"),
    Action.CREATE_DELEGATION: _("letting somebody act for you"),
    Action.ACCEPT_DELEGATION: _("beginning to act for somebody else"),
    Action.USE_DELEGATION: _("acting for somebody else"),
    Action.PROVE_IDENTITY: _("showing who you are"),
    Action.START_RECOVERY: _("starting to recover the account"),
    Action.COMPLETE_RECOVERY: _("recovering the account"),
    Action.ANSWER_HELP_DESK: _("answering our help desk"),
    Action.STAFF_ENTER: _("opening the staff site"),
    Action.STAFF_OPEN_RECORD: _("opening a customer's record"),
    Action.STAFF_NOTE_EVIDENCE: _("noting what a caller has shown"),
    Action.STAFF_PROPOSE_RECOVERY: _("proposing a recovery"),
    Action.STAFF_APPROVE_RECOVERY: _("approving a recovery"),
    Action.STAFF_APPROVE_POLICY: _("approving a policy"),
    Action.STAFF_PROPOSE_ROLE: _("proposing a role"),
    Action.STAFF_APPROVE_ROLE: _("approving a role"),
    Action.STAFF_BREAK_GLASS: _("taking a role in an emergency"),
    Action.STAFF_RESTRICT: _("restricting an account, or ending that"),
    Action.STAFF_REVIEW_RESTRICTION: _("reviewing a restriction"),
    Action.STAFF_DECIDE_PARTNER: _("deciding about an app"),
    Action.STAFF_MOVE_CUSTOMERS: _("bringing customers from elsewhere, or giving them away"),
    Action.STAFF_DECIDE_PURPOSE: _("deciding what data is used for"),
    Action.ISSUE_TOKEN: _("giving a connected app its key"),
    Action.REFRESH_TOKEN: _("renewing a connected app's key"),
    Action.USE_TOKEN: _("a connected app reading your data"),
}
_SCOPE, _PARTNERS_OWN, _BEHIND, _OTHER = (
    _("a connected app reading your data"),
    _("something you asked a connected app to do"),
    _("opening a page of an app"),
    _("something on your account"),
)


def doing(action: str) -> str:
    """What was wanted. An action of a partner's own has a name of theirs, which is not repeated."""
    for known, words in DOING.items():
        if known == action:
            return str(words)
    if action.startswith(USE_SCOPE):
        return str(_SCOPE)
    if action.startswith(GATEWAY):
        return str(_BEHIND)
    return str(_PARTNERS_OWN if action.startswith(PARTNER) else _OTHER)
