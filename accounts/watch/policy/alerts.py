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
