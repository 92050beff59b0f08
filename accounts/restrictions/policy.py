"""May staff restrict this customer for a while, end that, or review what another person did?

A restriction is a weapon too: whoever may use it could shut a customer out. So it has an end, bounded by the policy; it
is told to the customer; and without a review by another person it ends by itself within hours. The same restriction
cannot be repeated before that review, so one bribed agent shuts nobody out for long.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from ciam_portal.core.roles import Role

RESTRICTERS = frozenset({Role.AGENT, Role.APPROVER})
REVIEWERS = frozenset({Role.APPROVER, Role.ADMINISTRATOR})


class RestrictionKind(StrEnum):
    """What a restriction does."""

    SUSPEND = "suspend"  # nobody comes in, and nothing is done
    STEP_UP = "step_up"  # everything asks for the strongest proof, given lately
    LEGAL_HOLD = "legal_hold"  # nothing of theirs is erased


class Verdict(StrEnum):
    """What a review finds."""

    STANDS = "stands"
    ENDS = "ends"


class WhyRestrict(Worded):
    """Why a customer is restricted."""

    SUSPECTED_FRAUD = "suspected_fraud", "Suspected fraud"
    STOLEN_DEVICE = "reported_stolen_device", "A device was reported stolen"
    CUSTOMER_ASKED = "customer_asked", "The customer asked for it"
    LEGAL_DUTY = "legal_duty", "A legal duty"
    LEGAL_CLAIM = "legal_claim", "A legal claim"


FOR_HOLDS = frozenset({WhyRestrict.LEGAL_DUTY, WhyRestrict.LEGAL_CLAIM})


class Told(Worded):
    """The reason as the customer reads it: whoever else reads the mail learns nothing of what we suspect."""

    STOLEN_DEVICE = "stolen_device", "a device of yours was reported stolen"
    CUSTOMER_ASKED = "customer_asked", "you asked us to"
    SAFETY = "safety", "we want to be sure that your account is safe"
    LEGAL_DUTY = "legal_duty", "the law obliges us to keep it"
    LEGAL_CLAIM = "legal_claim", "it is needed in a legal matter"


def told(reason: WhyRestrict, kind: str) -> Told:
    """What the customer is told about it. Why data is kept is no secret."""
    if kind == RestrictionKind.LEGAL_HOLD:
        return Told.LEGAL_CLAIM if reason is WhyRestrict.LEGAL_CLAIM else Told.LEGAL_DUTY
    return {
        WhyRestrict.STOLEN_DEVICE: Told.STOLEN_DEVICE,
        WhyRestrict.CUSTOMER_ASKED: Told.CUSTOMER_ASKED,
    }.get(reason, Told.SAFETY)


class Reason(ReasonBase):
    """Why not. ``words`` is what staff read."""

    NOT_YOUR_ROLE = "not_your_role", "Your role cannot do this."
    OWN_ACCOUNT = "own_account", "This is your own account. Somebody else has to do this."
    NOT_OPENED = "not_opened", "Open the record with a reason first."
    STAFF_ACCOUNT = "staff_account", "This person is staff. An administrator takes the role away first."
    WRONG_REASON = (
        "wrong_reason",
        "Only a legal duty or a legal claim is a reason for a legal hold, and a legal claim is one for nothing else.",
    )
    TOO_LONG = "too_long", "A restriction may not last that long."
    TOO_MANY_RESTRICTIONS = "too_many_restrictions", "You have restricted many customers today. Somebody else goes on."
    NOT_REVIEWED = "not_reviewed", "Somebody else has to review the earlier restriction of this kind first."
    NOT_LONGER = "not_longer", "There is a restriction of this kind that lasts as long. To shorten it, end it."
    IS_OVER = "is_over", "This restriction is over already."
    OWN_RESTRICTION = "own_restriction", "You made this restriction, so somebody else has to review it."
    REVIEWED_ALREADY = "reviewed_already", "This was reviewed already."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a member of staff chose."""

    kind: RestrictionKind
    reason: WhyRestrict
    days: int


@dataclass(frozen=True, slots=True)
class Asker:
    """The member of staff. ``standing``: roles given by two people. ``opened``: the record, in this very session."""

    id: UUID | None = None
    roles: tuple[Role, ...] = ()
    standing: tuple[Role, ...] = ()
    opened: bool = False


@dataclass(frozen=True, slots=True)
class RestrictFacts:
    """A restriction that does not exist yet. ``stands_until``: the end of one of the same kind that is in force.

    ``unreviewed``: an earlier one of this kind waits for its review. ``within_budget``: of this member of staff, today.
    ``kind`` and ``reason`` None: it was decided before there were legal holds.
    """

    customer: UUID | None = None
    is_staff: bool = True
    days: int = 0
    unreviewed: bool = True
    within_budget: bool = False
    stands_until: datetime | None = None
    kind: RestrictionKind | None = None
    reason: WhyRestrict | None = None


@dataclass(frozen=True, slots=True)
class StandingFacts:
    """A restriction as it stands. Left out: it is over, and nobody may review it."""

    customer: UUID | None = None
    made_by: UUID | None = None
    is_live: bool = False
    is_reviewed: bool = True


def _hindered(customer: UUID | None, asker: Asker, *, has_role: bool) -> Deny | None:
    if asker.id is None or not has_role:
        return Deny(Reason.NOT_YOUR_ROLE)
    if customer is None or customer == asker.id:
        return Deny(Reason.OWN_ACCOUNT)
    return None if asker.opened else Deny(Reason.NOT_OPENED)


@question("restriction.may_restrict")
def may_restrict(facts: RestrictFacts, asker: Asker, *, limits: Limits, at: datetime) -> Decision:
    """May this person restrict this customer for so many days? An extension is a new one, with its own review."""
    hindered = _hindered(facts.customer, asker, has_role=bool(RESTRICTERS & set(asker.roles)))
    if hindered is not None:
        return hindered
    if facts.is_staff:
        return Deny(Reason.STAFF_ACCOUNT)
    holds = facts.kind is RestrictionKind.LEGAL_HOLD
    if facts.reason not in FOR_HOLDS if holds else facts.reason is WhyRestrict.LEGAL_CLAIM:
        return Deny(Reason.WRONG_REASON)
    if not 0 < facts.days <= (limits.erasure.hold_days if holds else limits.staff.restriction_days):
        return Deny(Reason.TOO_LONG)
    if not facts.within_budget:
        return Deny(Reason.TOO_MANY_RESTRICTIONS)
    if facts.unreviewed:
        return Deny(Reason.NOT_REVIEWED)
    if facts.stands_until is not None and at + timedelta(days=facts.days) <= facts.stands_until:
        return Deny(Reason.NOT_LONGER)
    return Allow()


@question("restriction.may_end")
def may_end(facts: StandingFacts, asker: Asker, *, limits: Limits, at: datetime) -> Decision:
    """May this person end it early? One is enough; who made it may too."""
    hindered = _hindered(facts.customer, asker, has_role=bool(RESTRICTERS & set(asker.roles)))
    if hindered is not None:
        return hindered
    return Allow() if facts.is_live else Deny(Reason.IS_OVER)


@question("restriction.may_review")
def may_review(facts: StandingFacts, asker: Asker, *, limits: Limits, at: datetime) -> Decision:
    """May this second person say whether it was right? Also when it is over: the next one waits for that."""
    hindered = _hindered(facts.customer, asker, has_role=bool(REVIEWERS & set(asker.standing)))
    if hindered is not None:
        return hindered
    if facts.made_by is None or facts.made_by == asker.id:
        return Deny(Reason.OWN_RESTRICTION)
    return Deny(Reason.REVIEWED_ALREADY) if facts.is_reviewed else Allow()


def review_due(at: datetime, stands_until: datetime | None, limits: Limits) -> datetime:
    """When a restriction made now ends unless somebody reviews it; what was reviewed before is not cut short by it."""
    due = at + timedelta(hours=limits.staff.restriction_review_hours)
    return due if stands_until is None else max(due, stands_until)
