"""May a sign-up be finished by its link; who decides about one that is held, and may its applicant appeal?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core import gate
from ciam_portal.core.policy.assurance import Assurance, Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.roles import Role

REVIEWERS = frozenset({Role.AGENT, Role.APPROVER})


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    QUEUE_FULL = "sign_up_queue_full", "An account cannot be opened this way."
    FINISHED = "sign_up_finished", "This link has been used already, or it has expired."
    SPENT = "ticket_spent", "This page has been used already. Please sign up again."
    NOT_YOUR_ROLE = "not_your_role", "Only the help desk decides about sign-ups."
    YOUR_OWN = "your_own", "Nobody decides about their own sign-up."
    DECIDED = "sign_up_decided", "Somebody has decided about this sign-up already."
    SAME_REVIEWER = "same_reviewer", "You decided about it first, so somebody else must look at the appeal."
    NOTHING_TO_APPEAL = "nothing_to_appeal", "This link has been used already, or it has expired."


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """How many sign-ups from the same network wait for a person already. Left out: nobody knows where it comes from."""

    waiting: int = 0


@question("registration.may_hold")
def may_hold(facts: HoldFacts, *, limits: Limits, at: datetime) -> Decision:
    """A person looks at so many from one network, and no more: the rest of a flood tells them nothing new."""
    return Allow() if facts.waiting < limits.sign_up.held_per_network else Deny(Reason.QUEUE_FULL)


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


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A held sign-up, and the member of staff who would decide. ``decided_first``: who did before an appeal."""

    is_open: bool
    applicant: UUID
    decided_first: UUID | None
    staff: UUID
    roles: tuple[Role, ...]
    assurance: Assurance


@question("registration.may_review")
def may_review(facts: ReviewFacts, *, limits: Limits, at: datetime) -> Decision:
    """The help desk, signed in with two factors, about somebody else, while it is open; an appeal by another person."""
    if not REVIEWERS & set(facts.roles):
        return Deny(Reason.NOT_YOUR_ROLE)
    if facts.staff == facts.applicant:
        return Deny(Reason.YOUR_OWN)
    if not facts.is_open:
        return Deny(Reason.DECIDED)
    if facts.staff == facts.decided_first:
        return Deny(Reason.SAME_REVIEWER)
    if not facts.assurance.meets(Level.AAL2, None, at):
        return StepUp(Level.AAL2, gate.Reason.PROVE_MORE)
    return Allow()


@dataclass(frozen=True, slots=True)
class AppealFacts:
    """A link that somebody opened, and where the sign-up stands of which it speaks."""

    is_live: bool
    is_rejected: bool
    was_appealed: bool


@question("registration.may_appeal")
def may_appeal(facts: AppealFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, after a no."""
    if not facts.is_live or not facts.is_rejected or facts.was_appealed:
        return Deny(Reason.NOTHING_TO_APPEAL)
    return Allow()
