"""May one more address be kept for getting back in?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    ENOUGH = "recovery_address_enough", "You have as many recovery addresses as an account can have. Remove one first."
    KNOWN = "recovery_address_known", "This address is known already. Use one that you do not use here yet."
    NOT_CARRIED = "recovery_address_not_carried", "No codes can be sent to phones here. Use an email address."
    NOT_THERE = "recovery_address_not_there", "This address is no longer part of your account. Nothing was changed."


@dataclass(frozen=True, slots=True)
class AddressFacts:
    """What the account has already, read under lock."""

    kept: int
    is_known: bool
    is_carried: bool = True


@question("addresses.may_add")
def may_add(facts: AddressFacts, *, limits: Limits, at: datetime) -> Decision:
    """A few, each different from the others and from the one the customer signs in with."""
    if not facts.is_carried:
        return Deny(Reason.NOT_CARRIED)
    if facts.is_known:
        return Deny(Reason.KNOWN)
    return Deny(Reason.ENOUGH) if facts.kept >= limits.recovery.addresses else Allow()
