"""Words for reasons. The customer's sentence stands beside each reason; here are the other two registers."""

import sys
from collections.abc import Iterable

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import gate
from ciam_portal.core.explain.wording import Words
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.core.policy.reason import ReasonBase

_R = gate.Reason
GATE: dict[gate.Reason, Words] = {
    _R.UNKNOWN_ACTION: Words(
        _(_R.UNKNOWN_ACTION.words),
        _("The portal does not offer this. Nothing to check with the caller; report it."),
        _("No row of the catalogue names this action."),
    ),
    _R.WRONG_DOOR: Words(
        _(_R.WRONG_DOOR.words),
        _("This is not possible through that channel. The caller can do it on the portal's own pages."),
        _("The catalogue's row does not list this channel."),
    ),
    _R.NEVER_DELEGATED: Words(
        _(_R.NEVER_DELEGATED.words),
        _("Somebody who acts for the owner wanted to do this. Nobody can be let do it; the owner does it themselves."),
        _("The catalogue's list of what is never delegated names this action, whatever its row says."),
    ),
    _R.SHOW_IDENTITY: Words(
        _(_R.SHOW_IDENTITY.words),
        _("It must be known better who the customer is. Two trained agents can check that; so can a digital ID."),
        _("The row's proofing is above the identity assurance level that the customer's evidence gives now."),
    ),
    _R.ACCOUNT_CLOSED: Words(
        _(_R.ACCOUNT_CLOSED.words),
        _("The account is closed."),
        _("The account was not active."),
    ),
    _R.SESSION_OVER: Words(
        _(_R.SESSION_OVER.words),
        _("The caller was no longer signed in. Signing in again is all it takes."),
        _("The session had ended, was idle for too long, or belonged to somebody else."),
    ),
    _R.PROVE_MORE: Words(
        _("What you wanted to do is sensitive, so we ask again who you are."),
        _("Ordinary: this needs a second step, or one given again minutes ago. Ask what they are able to use."),
        _("The session's assurance was below the row's level, or older than its freshness."),
    ),
    _R.UNUSUAL: Words(
        _("Something about this was unusual for your account, so we asked once more."),
        _("The caller was asked for one more step because something was unusual (below). Go through it with them."),
        _("Risk reached the row's challenge_from and nothing but a password had been shown lately."),
    ),
    _R.ON_HOLD: Words(
        _("This has to wait, because something about it was unusual for your account."),
        _("This waits. The caller can use a browser they used before, or wait until it is known. Do not promise more."),
        _("Risk reached the row's hold_from, and no sign-in method that this customer has lowers it enough."),
    ),
    _R.QUARANTINE: Words(
        _("Access to your account was restored a short time ago without signing in, so this has to wait for a while."),
        _("Access was restored a short time ago. It waits until the instant on the page; nobody can shorten that."),
        _("The row is held in quarantine, and quarantine_until had not come."),
    ),
    _R.SUSPENDED: Words(
        _("Your account is paused for a while to protect it, so this has to wait until that is over."),
        _("Staff have paused the account. That ends by itself; the record says when, and who may end it earlier."),
        _("suspended_until had not come: a restriction by staff."),
    ),
    _R.RESTRICTED: Words(
        _("To protect your account, we ask for your strongest sign-in method more often for a while."),
        _("Staff ask for more on this account for a while. The caller needs their strongest sign-in method."),
        _("step_up_until had not come: a restriction by staff. Level, freshness and challenge were raised by it."),
    ),
    _R.SIGN_IN_HELD: Words(
        _("This sign-in has to wait, because too much about it was unusual for your account. Nobody was let in."),
        _(
            "The password was right; browser and place were too unusual. A browser used before, or a passkey, gets in."
            " If you find that it was the customer, close it as too careful: for a day their strongest method opens it."
        ),
        _("Risk reached the row's deny_from or hold_from at the door, from a browser that is not known."),
    ),
    _R.TOO_RISKY: Words(
        _("This was stopped to protect your account, because too much about it was unusual."),
        _("This was stopped as too risky. Advise a new password and a look at the sessions; it cannot be overruled."),
        _("Risk reached the row's deny_from."),
    ),
    _R.SIGN_UP_CHALLENGED: Words(
        _(_R.SIGN_UP_CHALLENGED.words),
        _("The sign-up was asked for one more step: work by the browser, or a link in the mail. Either is enough."),
        _("The points of the sign-up reached sign_up.challenge_score, and no challenge had been passed."),
    ),
    _R.SIGN_UP_HELD: Words(
        _(_R.SIGN_UP_HELD.words),
        _("The sign-up waits for a person. Do not promise an account, and do not say what was noticed."),
        _("The points of the sign-up reached sign_up.hold_score."),
    ),
    _R.SIGN_UP_REFUSED: Words(
        _(_R.SIGN_UP_REFUSED.words),
        _("Too much about the sign-up looked like a program's. Another browser, network or address may pass."),
        _("The points of the sign-up reached sign_up.refuse_score. It was answered like a success."),
    ),
}


def words(question: str, code: str) -> Words:
    """The words for the reason that this question gave. A policy of an app may answer with a reason of the gate's."""
    said = next((translate(reason.words) for reason in _beside(question) if reason == code), "")
    known = next((words for reason, words in GATE.items() if reason == code), None)
    if known is not None and not said:
        return known
    return Words(
        said or _("This was not possible at that moment."),
        _("The customer was told: “%(words)s”") % {"words": said} if said else _("A rule did not allow it."),
        _("%(question)s answered %(code)s.") % {"question": question, "code": code},
    )


def _beside(question: str) -> Iterable[ReasonBase]:
    """The reasons of the policy that was asked: they stand beside the question, which may be gone by now."""
    asked = KNOWN.get(question)
    if asked is None or asked is gate.decide:  # the gate's words are in all registers
        return ()
    return getattr(sys.modules[asked.__module__], "Reason", ())
