"""May a sign-up be finished by the link that was mailed for it?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    FINISHED = "sign_up_finished", "This link has been used already, or it has expired."
    SPENT = "ticket_spent", "This page has been used already. Please sign up again."


@dataclass(frozen=True, slots=True)
class FinishFacts:
    """A link that somebody opened, and the account that it would finish."""

    is_live: bool
    address_proven: bool
    account_active: bool


@question("registration.may_finish")
def may_finish(facts: FinishFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, and only while nobody has proven the address: then it is an account like any other."""
    if not facts.is_live or facts.address_proven or not facts.account_active:
        return Deny(Reason.FINISHED)
    return Allow()
