"""Who may answer for a child, and what they may do for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.family.policy.ages import band
from consent.family.policy.reasons import Reason
from consent.family.shapes import Band


@dataclass(frozen=True, slots=True)
class Adding:
    """Somebody adds a child. Left out: they may not. ``is_grown_up``: as they say, and as far as we know.

    ``is_there``: a child of this name and day is theirs already, as after a second press.
    """

    is_self: bool = False
    has_second_step: bool = False
    is_grown_up: bool = False
    says_responsible: bool = False
    children: int = 0
    is_there: bool = True
    born_at: datetime | None = None
    consent_at: datetime | None = None
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Consenting:
    """A guardian answers for a child about the use of its data. Left out: they may not.

    ``others``: how many more answer for the child and have not agreed.
    """

    is_guardian: bool = False
    is_protected: bool = True
    consent_at: datetime | None = None
    adult_at: datetime | None = None
    says_yes: bool = True
    others: int = 0


@question("family.may_add")
def may_add(facts: Adding, *, limits: Limits, at: datetime) -> Decision:
    """An adult with a second step who says that they answer for somebody who is not grown up."""
    if not facts.is_self:
        return Deny(Reason.NOT_YOURS)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    if not facts.is_grown_up:
        return Deny(Reason.NOT_ADULT)
    if not facts.says_responsible:
        return Deny(Reason.NOT_RESPONSIBLE)
    if facts.is_there:
        return Deny(Reason.THERE)
    if facts.children >= limits.family.children:
        return Deny(Reason.TOO_MANY)
    if facts.born_at is None or facts.born_at > at:
        return Deny(Reason.BORN_LATER)
    grown_up = band(facts.consent_at, facts.adult_at, at) is Band.ADULT
    return Deny(Reason.GROWN_UP) if grown_up else Allow()


@question("family.may_consent")
def may_consent(facts: Consenting, *, limits: Limits, at: datetime) -> Decision:
    """Whoever answers for the child, until it is old enough itself. A no at once, a yes with the other one."""
    if not facts.is_guardian:
        return Deny(Reason.NOT_YOURS)
    if facts.is_protected:
        return Deny(Reason.PROTECTED)
    is_child = band(facts.consent_at, facts.adult_at, at) is Band.CHILD
    if not is_child:
        return Deny(Reason.OF_AGE)
    return Hold(Reason.ASK_OTHER) if facts.says_yes and facts.others else Allow()


def consent_until(consent_at: datetime | None, at: datetime, *, limits: Limits) -> datetime:
    """Until when a yes of a guardian's counts: the day on which the child says so itself, or some years at most."""
    longest = at + timedelta(days=limits.family.consent_days)
    return longest if consent_at is None else min(longest, consent_at)
