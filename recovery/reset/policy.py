"""May a password be set anew by someone who cannot sign in?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    LINK_DEAD = "reset_link_dead", "This link has been used already, or it has expired. Please ask for a new one."


@dataclass(frozen=True, slots=True)
class ResetFacts:
    """The link that somebody opened, and the account it was sent for."""

    is_live: bool
    state_unchanged: bool
    account_active: bool
    address_proven: bool


@question("reset.may_reset_password")
def may_reset_password(facts: ResetFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, while the account is as it was when the link was sent to its proven address."""
    if not facts.is_live:
        return Deny(Reason.LINK_DEAD)
    if not facts.state_unchanged:
        return Deny(Reason.LINK_DEAD)
    if not facts.account_active:
        return Deny(Reason.LINK_DEAD)
    if not facts.address_proven:
        return Deny(Reason.LINK_DEAD)
    return Allow()
