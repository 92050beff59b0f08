"""What may be done with a case, and when: each question asked again, under lock, where it takes effect."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ciam_portal.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.policy.limits import Limits
from ciam_portal.policy.reason import ReasonBase
from recovery.policy.evidence import Needed, Strength, Way, strength, weight
from recovery.policy.states import LIVE, State, Verb, after
from recovery.policy.waiting import Weighty, earliest_completion


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    NOT_POSSIBLE = "case_not_possible", "This recovery has moved on: it is finished, stopped, or too old."
    TOO_MANY = "case_too_many", "Recovery was asked for several times already. Please wait a while."
    NOT_ENOUGH = "case_not_enough", "What was shown is not enough yet. Please show one more thing, of another kind."
    COOLING_OFF = "case_cooling_off", "This recovery is still waiting. We tell you when you can finish it."
    SIGNED_IN_SINCE = (
        "case_signed_in_since",
        "Somebody has signed in to this account since, so this recovery has ended.",
    )
    ACCOUNT_CLOSED = "case_account_closed", "This recovery has moved on: it is finished, stopped, or too old."
    STILL_GOING = "case_still_going", "This recovery can still be finished."
    TOLD = "case_told", "You were told already that you can finish this recovery."
    ALREADY_RUNNING = (
        "case_already_running",
        "Another recovery of this account is running. Stop it with the link in our message, then begin anew.",
    )
    FACTOR_NEEDED = "case_factor_needed", "Please add a new second factor: type the code that your new app shows."
    LINK_DEAD = "case_link_dead", "This link does nothing any more: that recovery is finished or stopped."
    SAME_PERSON = "case_same_person", "The person who proposed this cannot approve it. Somebody else has to."
    OWN_ACCOUNT = "case_own_account", "Nobody can help with their own account."
    NOT_YOUR_ROLE = "case_not_your_role", "Your role does not include this."
    PROPOSAL_OLD = "case_proposal_old", "This proposal is too old to be approved. Propose it again."


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case and its account, read under lock."""

    state: State
    opened_at: datetime
    shown: tuple[Way, ...]
    needed: Needed
    account_active: bool
    ready: Weighty | None = None
    proven_elsewhere_at: datetime | None = None
    proposed_by: UUID | None = None
    proposed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Helper:
    """The member of staff who acts. ``assured``: two factors, freshly proven in this session."""

    id: UUID
    is_agent: bool
    is_approver: bool
    is_customer: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """How often recovery of one account was asked for lately, this time included."""

    in_two_minutes: int
    in_a_day: int


def ends_at(case: CaseFacts, *, limits: Limits) -> datetime:
    """When it is too old. Once the wait has begun, not before there was time to finish after it."""
    rules = limits.recovery
    end = case.opened_at + timedelta(days=rules.case_days)
    if case.ready is None:
        return end
    return max(end, earliest_completion(case.ready, limits=limits) + timedelta(hours=rules.finish_hours))


def may_open(facts: Asked, *, limits: Limits, at: datetime) -> Decision:  # noqa: ARG001  (every question's form)
    """Not more often than a person would."""
    rules = limits.recovery
    if facts.in_two_minutes > rules.requests_per_two_minutes or facts.in_a_day > rules.requests_per_day:
        return Deny(Reason.TOO_MANY)
    return Allow()


def may_show(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """One more thing, while it can still count."""
    return _blocked(case, Verb.PROVE, limits, at) or Allow()


def may_prove(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """Enough was shown by the customer alone."""
    blocked = _blocked(case, Verb.PROVE, limits, at)
    if blocked is not None:
        return blocked
    return Deny(Reason.NOT_ENOUGH) if strength(case.shown, case.needed) is Strength.NONE else Allow()


def may_cool_off(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """The wait begins: for what two of the help desk approved, or for what was shown and is still enough."""
    blocked = _blocked(case, Verb.COOL_OFF, limits, at)
    if blocked is not None:
        return blocked
    enough = case.state is State.APPROVED or strength(case.shown, case.needed) is not Strength.NONE
    return Allow() if enough else Deny(Reason.NOT_ENOUGH)


def may_expire(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """It can lead nowhere any more: too old, overtaken by a sign-in, or its account is closed."""
    if after(case.state, Verb.EXPIRE) is None:
        return Deny(Reason.NOT_POSSIBLE)
    return Allow() if _overtaken(case, limits, at) is not None else Deny(Reason.STILL_GOING)


def may_cancel(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:  # noqa: ARG001  (every question's form)
    """Anybody who was told may stop it, as long as it can still lead somewhere."""
    return Allow() if case.state in LIVE else Deny(Reason.NOT_POSSIBLE)


def may_complete(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """The wait is over, nobody stopped it, and nobody has signed in meanwhile."""
    blocked = _blocked(case, Verb.COMPLETE, limits, at)
    if blocked is not None:
        return blocked
    if case.ready is None:
        return Deny(Reason.NOT_ENOUGH)
    ready_at = earliest_completion(case.ready, limits=limits)
    return Allow() if at >= ready_at else Hold(Reason.COOLING_OFF, ready_at)


def may_say_ready(case: CaseFacts, told: bool, *, limits: Limits, at: datetime) -> Decision:  # noqa: FBT001  (a fact)
    """Once, when it can be finished."""
    return Deny(Reason.TOLD) if told else may_complete(case, limits=limits, at=at)


def may_propose(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """An agent has noted enough about the caller. Not about themselves."""
    if not helper.is_agent:
        return Deny(Reason.NOT_YOUR_ROLE)
    if helper.is_customer:
        return Deny(Reason.OWN_ACCOUNT)
    blocked = _blocked(case, Verb.PROPOSE, limits, at)
    if blocked is not None:
        return blocked
    return Allow() if weight(case.shown) >= limits.recovery.desk_weight else Deny(Reason.NOT_ENOUGH)


def may_approve(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """Two people, both allowed, neither of them the customer, and while it still matters."""
    if not helper.is_approver:
        return Deny(Reason.NOT_YOUR_ROLE)
    if helper.is_customer:
        return Deny(Reason.OWN_ACCOUNT)
    if case.proposed_by is None or helper.id == case.proposed_by:
        return Deny(Reason.SAME_PERSON)
    blocked = _blocked(case, Verb.APPROVE, limits, at)
    if blocked is not None:
        return blocked
    old = case.proposed_at is None or (at - case.proposed_at).total_seconds() >= limits.recovery.proposal_hours * 3600
    return Deny(Reason.PROPOSAL_OLD) if old else Allow()


def may_reject(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """Saying no takes the same role, and is open to the proposer too."""
    if not (helper.is_approver or helper.id == case.proposed_by):
        return Deny(Reason.NOT_YOUR_ROLE)
    return _blocked(case, Verb.REJECT, limits, at) or Allow()


def _blocked(case: CaseFacts, verb: Verb, limits: Limits, at: datetime) -> Decision | None:
    if after(case.state, verb) is None:
        return Deny(Reason.NOT_POSSIBLE)
    return _overtaken(case, limits, at)


def _overtaken(case: CaseFacts, limits: Limits, at: datetime) -> Decision | None:
    if not case.account_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    if at >= ends_at(case, limits=limits):
        return Deny(Reason.NOT_POSSIBLE)
    if case.proven_elsewhere_at is not None and case.proven_elsewhere_at >= case.opened_at:
        return Deny(Reason.SIGNED_IN_SINCE)
    return None
