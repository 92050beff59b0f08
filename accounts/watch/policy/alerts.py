"""Who may say that an alert has been looked at?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    NOT_YOURS = "not_yours", "Alerts are acknowledged by auditors and administrators."
    ALREADY_DONE = "already_done", "This alert has been acknowledged already."


MEANINGS = {
    "drift": "What sign-ins show has changed since the four weeks before: the score may no longer fit. Look for a cause"
    " (a new browser version, a network file that went missing, an attack) before you change a threshold.",
    "challenge_rate": "Many more attempts were asked for more, held or denied in the last week than in the four weeks"
    " before, beyond chance: an attack is going on, or what sign-ins show has changed. The target is another matter:"
    " the model card compares with it.",
    "newcomers": "Many more sign-ins than in the four weeks before showed something new to their customer: a network, a"
    " country, a device. A partner's or an operator's move does that, and so does an attack on many accounts.",
    "burst": "Many customers share something all of a sudden: a network, a user agent or a device. Those sessions were"
    " assessed again; those that were very unusual by themselves were ended.",
    "watched": "Somebody was let in though nearly everything about the sign-in was unusual, because they showed the"
    " strongest proof there is for the account. Look at what that session does; its owner was told.",
    "device_copied": "A device's former key came back with the right password: cookies were copied, or a device was set"
    " back. The device is known no more and its owner was told; several in a day mean malware or a leak.",
    "attack": "Wrong passwords come from addresses from which customers are signed in too. Many may share an address,"
    " so nothing was done to these sessions: look at who signed in from there for the first time.",
}
"""What an alert means and asks for, by the first word of its kind."""


def meaning(kind: str) -> str:
    """The sentence for an alert of this kind."""
    return MEANINGS.get(kind.split(".", maxsplit=1)[0], "")


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An alert and who looks at it."""

    is_open: bool = False
    may_look: bool = False


@question("alerts.may_acknowledge")
def may_acknowledge(facts: AlertFacts, *, limits: Limits, at: datetime) -> Decision:
    """Somebody whose duty it is, once."""
    if not facts.may_look:
        return Deny(Reason.NOT_YOURS)
    if not facts.is_open:
        return Deny(Reason.ALREADY_DONE)
    return Allow()
