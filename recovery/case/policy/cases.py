"""What may be done with a case, and when: each question asked again, under lock, where it takes effect."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from recovery.case.policy.evidence import Needed, Strength, Vouched, Way, strength, vouched, weight
from recovery.case.policy.states import LIVE, State, Verb, after
from recovery.case.policy.waiting import Weighty, earliest_completion


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    NOT_POSSIBLE = "case_not_possible", "This recovery has moved on: it is finished, stopped, or too old."
    TOO_MANY = (
        "case_too_many",
        (
            "This was asked for several times already. You need not wait if you read the mail of the account: in this "
            "browser, open a link for a new password that is there already, or ask for one, and begin again."
        ),
    )
    TOO_MANY_TRIES = "case_too_many_tries", "Many codes were tried from your network."
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
        "Another recovery of this account is running. Stop it with the link in our message, then begin again.",
    )
    FACTOR_NEEDED = "case_factor_needed", "Please add a new second step: a passkey, or an authenticator app."
    LINK_DEAD = "case_link_dead", "This link no longer works: that recovery is finished or stopped."
    SAME_PERSON = "case_same_person", "The person who proposed this cannot approve it. Somebody else has to."
    OWN_ACCOUNT = "case_own_account", "Nobody can help with their own account."
    NOT_YOUR_ROLE = "case_not_your_role", "Your role does not include this."
    PROPOSAL_OLD = "case_proposal_old", "This proposal is too old to be approved. Propose it again."
    NOT_HELPED = "case_not_helped", "The customer does this without the help desk, so staff have no part in it."
    NOTED_EVIDENCE = (
        "case_noted_evidence",
        "You have noted something in this recovery. Somebody else has to approve it.",
    )
    APPROVED_ALREADY = "case_approved_already", "You have approved this. Another approver has to approve it too."
    APPROVER_GONE = "case_approver_gone", "Whoever approved this is no longer an approver. Reject it and begin again."
    PROPOSER_GONE = "case_proposer_gone", "Whoever proposed this is no longer an agent. Reject it and begin again."
    RECORD_SHUT = "case_record_shut", "Open the customer's record first, and say that it is about their request."
    NO_CHANNEL = (
        "case_no_channel",
        "This address was not the customer's for long enough before the call. Choose another.",
    )
    CHANNEL_GONE = (
        "case_channel_gone",
        "The address that the link should go to has changed, so this recovery has ended.",
    )


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case and its account, read under lock.

    ``opened_by``: an agent; None: the customer, alone. ``noted_by``: everybody of staff who had part in its evidence.
    ``channel_stands``: the address that the customer's own link goes to was theirs before the call, and still is.
    ``approved_by``: the first of two who approve, if one has; ``approver_stands``: they still may. ``told_apart`` is
    False for what was decided before that which an agent notes alone was told apart.
    """

    state: State
    opened_at: datetime
    shown: tuple[Way, ...]
    needed: Needed
    account_active: bool
    ready: Weighty | None = None
    proven_elsewhere_at: datetime | None = None
    proposed_by: UUID | None = None
    proposed_at: datetime | None = None
    opened_by: UUID | None = None
    noted_by: tuple[UUID, ...] = ()
    proposer_stands: bool = False
    channel_stands: bool = True
    approved_by: UUID | None = None
    approver_stands: bool = False
    told_apart: bool = False


@dataclass(frozen=True, slots=True)
class Helper:
    """The member of staff who acts. ``is_approver``: by a role that two people gave, never by break-glass.

    ``acts_here``: it is they who ask, in this very session, and no command or page in their name. ``has_opened``: this
    session has opened the customer's record lately, because the customer asked.
    """

    id: UUID
    is_agent: bool = False
    is_approver: bool = False
    is_customer: bool = True
    acts_here: bool = False
    has_opened: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """How often recovery of one account was asked for lately, this time included."""

    in_two_minutes: int
    in_a_day: int
    in_an_hour: int = 0  # (what was decided before hours were counted says nothing of them)


def ends_at(case: CaseFacts, *, limits: Limits) -> datetime:
    """When it is too old. Once the wait has begun, not before there was time to finish after it."""
    rules = limits.recovery
    end = case.opened_at + timedelta(days=rules.case_days)
    if case.ready is None:
        return end
    return max(end, earliest_completion(case.ready, limits=limits) + timedelta(hours=rules.finish_hours))


@question("recovery.may_open")
def may_open(facts: Asked, *, limits: Limits, at: datetime) -> Decision:
    """Not more often than a person would."""
    most = most_asked(limits)
    return Deny(Reason.TOO_MANY) if any(getattr(facts, name) > times for name, times in most.items()) else Allow()


def most_asked(limits: Limits) -> dict[str, int]:
    """How often it may be asked in each window of ``Asked``. No code is refused to an address that may ask."""
    return {
        "in_two_minutes": limits.recovery.requests_per_two_minutes,
        "in_an_hour": limits.proof.mails_per_address_per_hour,
        "in_a_day": limits.recovery.requests_per_day,
    }


@question("recovery.may_show")
def may_show(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """One more thing, while it can still count. What an agent opened rests on what agents note."""
    if case.opened_by is not None:
        return Deny(Reason.NOT_POSSIBLE)
    return blocked(case, Verb.PROVE, limits, at) or Allow()


@question("recovery.may_prove")
def may_prove(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """Enough was shown by the customer alone."""
    if case.opened_by is not None:
        return Deny(Reason.NOT_POSSIBLE)
    no = blocked(case, Verb.PROVE, limits, at)
    if no is not None:
        return no
    return Deny(Reason.NOT_ENOUGH) if strength(case.shown, case.needed) is Strength.NONE else Allow()


@question("recovery.may_cool_off")
def may_cool_off(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """The wait begins: for what two of the help desk approved, or for what was shown and is still enough."""
    no = blocked(case, Verb.COOL_OFF, limits, at)
    if no is not None:
        return no
    enough = case.state is State.APPROVED or strength(case.shown, case.needed) is not Strength.NONE
    return Allow() if enough else Deny(Reason.NOT_ENOUGH)


@question("recovery.may_expire")
def may_expire(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """It can lead nowhere any more: too old, overtaken by a sign-in, or its account is closed."""
    if after(case.state, Verb.EXPIRE) is None:
        return Deny(Reason.NOT_POSSIBLE)
    return Allow() if _overtaken(case, limits, at) is not None else Deny(Reason.STILL_GOING)


@question("recovery.may_cancel")
def may_cancel(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """Anybody who was told may stop it, as long as it can still lead somewhere."""
    return Allow() if case.state in LIVE else Deny(Reason.NOT_POSSIBLE)


@question("recovery.may_complete")
def may_complete(case: CaseFacts, *, limits: Limits, at: datetime) -> Decision:
    """What was shown is still enough, the wait is over, nobody stopped it, and nobody has signed in meanwhile."""
    no = blocked(case, Verb.COMPLETE, limits, at)
    if no is not None:
        return no
    if case.ready is None or (case.ready.strength is Strength.NONE and not case.ready.by_desk):
        return Deny(Reason.NOT_ENOUGH)
    ready_at = earliest_completion(case.ready, limits=limits)
    return Allow() if at >= ready_at else Hold(Reason.COOLING_OFF, ready_at)


@question("recovery.may_say_ready")
def may_say_ready(case: CaseFacts, told: bool, *, limits: Limits, at: datetime) -> Decision:  # noqa: FBT001  (a fact)
    """Once, when it can be finished."""
    return Deny(Reason.TOLD) if told else may_complete(case, limits=limits, at=at)


def helps(helper: Helper, *, agent: bool = True) -> Decision | None:
    """Why this person may not act for a caller at all; None if they may. Never about themselves."""
    if not helper.acts_here or not (helper.is_agent if agent else helper.is_approver):
        return Deny(Reason.NOT_YOUR_ROLE)
    if helper.is_customer:
        return Deny(Reason.OWN_ACCOUNT)
    return Deny(Reason.RECORD_SHUT) if agent and not helper.has_opened else None


@question("recovery.may_propose")
def may_propose(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """An agent has noted enough about the caller, and chosen where the link goes."""
    no = helps(helper) or helped(case) or blocked(case, Verb.PROPOSE, limits, at)
    if no is not None:
        return no
    if vouches(case, limits=limits) is Vouched.NOT_YET:
        return Deny(Reason.NOT_ENOUGH)
    return Allow() if case.channel_stands else Deny(Reason.NO_CHANNEL)


@question("recovery.may_approve")
def may_approve(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """Two people, both allowed, the second with no part in what the first rests on, and while it still matters.

    Where little was noted it takes two who approve; ``is_last`` says whether this one would be the last.
    """
    no = helps(helper, agent=False) or helped(case) or _had_part(case, helper)
    no = no or blocked(case, Verb.APPROVE, limits, at)
    if no is not None:
        return no
    if case.approved_by is not None and not case.approver_stands:
        return Deny(Reason.APPROVER_GONE)
    return Allow() if case.proposer_stands else Deny(Reason.PROPOSER_GONE)


def _had_part(case: CaseFacts, helper: Helper) -> Decision | None:
    if case.proposed_by is None or helper.id == case.proposed_by:
        return Deny(Reason.SAME_PERSON)
    if helper.id == case.opened_by or helper.id in case.noted_by:
        return Deny(Reason.NOTED_EVIDENCE)
    return Deny(Reason.APPROVED_ALREADY) if helper.id == case.approved_by else None


def vouches(case: CaseFacts, *, limits: Limits) -> Vouched:
    """How far what staff have noted in it leads."""
    if not case.told_apart:
        return Vouched.ENOUGH if weight(case.shown) >= limits.recovery.desk_weight else Vouched.NOT_YET
    return vouched(case.shown, limits=limits)


def is_last(case: CaseFacts, *, limits: Limits) -> bool:
    """Whether one more approval is all that it takes."""
    return case.approved_by is not None or vouches(case, limits=limits) is Vouched.ENOUGH


@question("recovery.may_reject")
def may_reject(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """Saying no takes the same role; it is open to the proposer too, and to every agent before there is a proposal."""
    is_theirs = helper.id == case.proposed_by or (case.state is State.OPEN and helper.is_agent)
    if not helper.acts_here or not (helper.is_approver or is_theirs):
        return Deny(Reason.NOT_YOUR_ROLE)
    if helper.is_customer:
        return Deny(Reason.OWN_ACCOUNT)
    return helped(case) or blocked(case, Verb.REJECT, limits, at) or Allow()


def helped(case: CaseFacts) -> Decision | None:
    """Why staff have no part in this case; None if they have."""
    return Deny(Reason.NOT_HELPED) if case.opened_by is None else None


def blocked(case: CaseFacts, verb: Verb, limits: Limits, at: datetime) -> Decision | None:
    """Why this cannot happen to the case now, whoever asks; None if it can."""
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
    if case.state is State.PROPOSED and _is_old(case.proposed_at, limits, at):
        return Deny(Reason.PROPOSAL_OLD)
    released = case.state in {State.PROPOSED, State.APPROVED, State.COOLING_OFF}
    return Deny(Reason.CHANNEL_GONE) if released and not case.channel_stands else None


def _is_old(proposed_at: datetime | None, limits: Limits, at: datetime) -> bool:
    return proposed_at is None or (at - proposed_at).total_seconds() >= limits.recovery.proposal_hours * 3600
