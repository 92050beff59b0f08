"""Coming of age: who hands an account over, to whom, and what becomes due on which day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from consent.family.policy.ages import band
from consent.family.policy.reasons import Reason
from consent.family.shapes import Band


@dataclass(frozen=True, slots=True)
class Handing:
    """Somebody who answers for a young person, or did until they grew up, hands the account over. Left out: no."""

    is_guardian: bool = False
    grew_up_at: datetime | None = None
    is_claimed: bool = True
    is_protected: bool = True
    consent_at: datetime | None = None
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claiming:
    """The young person opens the link that came to their own address. Left out: it is dead."""

    is_live: bool = False
    is_claimed: bool = True
    consent_at: datetime | None = None
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Aging:
    """A young person, and what was done about their age so far. Left out: nothing is due."""

    known: Band | None = None
    told: Band | None = None
    consent_at: datetime | None = None
    adult_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewing:
    """A guardian's delegation that ends before the child is grown up. Left out: it ends."""

    ends_at: datetime | None = None
    adult_at: datetime | None = None
    is_claimed: bool = True
    is_child: bool = False


@question("family.may_hand_over")
def may_hand_over(facts: Handing, *, limits: Limits, at: datetime) -> Decision:
    """Whoever answers for them, or did so until they grew up, for a year; once they are old enough, and only once."""
    late = facts.grew_up_at is not None and at >= facts.grew_up_at + timedelta(days=limits.family.claim_days)
    if not facts.is_guardian or late:
        return Deny(Reason.NOT_YOURS)
    if facts.is_claimed:
        return Deny(Reason.CLAIMED)
    if facts.is_protected:
        return Deny(Reason.PROTECTED)
    young = band(facts.consent_at, facts.adult_at, at) is Band.CHILD
    return Deny(Reason.TOO_YOUNG) if young else Allow()


@question("family.may_claim")
def may_claim(facts: Claiming, *, limits: Limits, at: datetime) -> Decision:
    """Whoever reads the address that it was sent to, while nobody has claimed the account."""
    young = band(facts.consent_at, facts.adult_at, at) is Band.CHILD
    return Allow() if facts.is_live and not facts.is_claimed and not young else Deny(Reason.LINK_DEAD)


@question("family.may_grow")
def may_grow(facts: Aging, *, limits: Limits, at: datetime) -> Decision:
    """Once they have come of an age that nobody has written down."""
    is_due = facts.known is not None and band(facts.consent_at, facts.adult_at, at) is not facts.known
    return Allow() if is_due else Deny(Reason.NOT_DUE)


@question("family.may_announce")
def may_announce(facts: Aging, *, limits: Limits, at: datetime) -> Decision:
    """Some days before they come of the next age, once."""
    coming = next_band(facts, at)
    days = timedelta(days=limits.family.announce_days)
    is_soon = band(facts.consent_at, facts.adult_at, at + days) is not band(facts.consent_at, facts.adult_at, at)
    return Allow() if is_soon and facts.known is not None and facts.told is not coming else Deny(Reason.NOT_DUE)


def next_band(facts: Aging, at: datetime) -> Band:
    """What they become next."""
    return Band.TEEN if band(facts.consent_at, facts.adult_at, at) is Band.CHILD else Band.ADULT


@question("family.may_renew")
def may_renew(facts: Renewing, *, limits: Limits, at: datetime) -> Decision:
    """By itself while nobody can be asked; by the young person themselves once they have a sign-in of their own."""
    if facts.ends_at is None or facts.adult_at is None or at >= facts.ends_at or facts.ends_at >= facts.adult_at:
        return Deny(Reason.NOT_DUE)
    if facts.is_claimed and not facts.is_child:
        return Deny(Reason.NOT_YOURS)
    soon = timedelta(days=limits.delegation.reminder_days)
    return Allow() if at >= facts.ends_at - soon else Deny(Reason.NOT_DUE)
