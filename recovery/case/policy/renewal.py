"""May backup codes be made anew at the end of a recovery in which one was used (NIST SP 800-63B-4 section 4.2.1.1)?"""

from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    NOT_NOW = "renewal_not_now", "New backup codes are made on the security page, after signing in."


@dataclass(frozen=True, slots=True)
class RenewalFacts:
    """A recovery, read under lock. ``just_now``: it was completed at this very instant; ``has_factor``: one is left."""

    state: State
    shown: tuple[Way, ...]
    just_now: bool
    has_factor: bool


@question("renewal.may_renew")
def may_renew(facts: RenewalFacts, *, limits: Limits, at: datetime) -> Decision:
    """Only as the last step of a recovery that used one up, and where the codes would stand in for something."""
    used = Way.SAVED in facts.shown and facts.has_factor
    return Allow() if used and facts.just_now and facts.state is State.COMPLETED else Deny(Reason.NOT_NOW)
