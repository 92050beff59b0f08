"""Who may be named, when a case may be opened, proposed, approved, and when what was named begins.

A customer who shows up in any session is neither dead nor unable: nothing goes on from then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from recovery.case.policy.cases import Helper, helps
from recovery.succession.shapes import FITS, LIVE, Kind, Seen, Stands, State


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the person reads."""

    OWN = "succession_own", "This is an address of your own. Name somebody else."
    ONE = "succession_one", "You have named somebody already. Remove them first."
    NOTHING = "succession_nothing", "Please choose at least one thing that they may do."
    NOT_FOR_YOU = "succession_not_for_you", "This was sent to another email address than yours."
    NOT_OPEN = "succession_not_open", "This was answered, taken back or is too old. Nothing was changed."
    NO_SECOND_STEP = (
        "succession_no_second_step",
        "For this your own account needs a second step. Add one under Security, then try again.",
    )
    SHUT = "succession_shut", "This account cannot be used at the moment."
    NOT_NAMED = "succession_not_named", "This customer has not named you."
    TOO_NEW = "succession_too_new", "You were named a short time ago. Please write to our help desk."
    RUNNING = "succession_running", "This was begun already. Our help desk looks at it."
    NOT_RUNNING = "succession_not_running", "This is decided or was stopped. Nothing was changed."
    THERE = "succession_there", "The customer was here since this was begun, so nothing comes of it."
    NOT_SEEN = "succession_not_seen", "Note first what was seen: a document that says it, and that fits."
    NOT_STAFF = "succession_not_staff", "Your role cannot do this, or it is about you."
    SAME_PERSON = "succession_same_person", "Somebody else approves: nobody who proposed this or noted anything in it."
    EXPIRED = "succession_expired", "Nobody approved this in time. Please propose it again."
    STILL_WAITS = "succession_still_waits", "The customer can still stop this, so it has to wait."
    TOLD = "succession_told", "The customer was told lately."
    LINK_DEAD = "succession_link_dead", "This link no longer works: there is nothing left to stop."


class WhyRejected(Worded):
    """Why the help desk said no."""

    NOT_CONVINCED = "not_convinced", "What was seen does not convince"
    MISTAKE = "mistake", "Begun by mistake"
    SUSPECTED_FRAUD = "suspected_fraud", "Suspected fraud"


@dataclass(frozen=True, slots=True)
class Naming:
    """Whom a customer names. Left out: nobody."""

    is_own: bool = True
    is_there: bool = True
    things: int = 0


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody who was named, and who acts for them. Left out: it is refused."""

    stands: Stands = Stands.GONE
    is_theirs: bool = False
    person_open: bool = False
    has_second_step: bool = False
    expires_at: datetime | None = None
    usable_from: datetime | None = None
    runs: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands. ``there_at``: when the customer last proved anything, in any session of theirs."""

    state: State = State.STOPPED
    kind: Kind = Kind.DEATH
    opened_at: datetime | None = None
    proposed_by: UUID | None = None
    proposed_at: datetime | None = None
    approved_at: datetime | None = None
    ready_at: datetime | None = None
    told_at: datetime | None = None
    there_at: datetime | None = None
    seen: tuple[Seen, ...] = ()
    noted_by: tuple[UUID, ...] = ()
    successor_stands: bool = False


@question("succession.may_name")
def may_name(facts: Naming, *, limits: Limits, at: datetime) -> Decision:
    """One person, somebody else, for something."""
    if facts.is_own:
        return Deny(Reason.OWN)
    if facts.is_there:
        return Deny(Reason.ONE)
    return Allow() if facts.things else Deny(Reason.NOTHING)


@question("succession.may_answer")
def may_answer(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Whoever it was sent to, while it is open."""
    if not facts.is_theirs:
        return Deny(Reason.NOT_FOR_YOU)
    fresh = facts.expires_at is not None and at < facts.expires_at
    return Allow() if facts.stands is Stands.INVITED and fresh else Deny(Reason.NOT_OPEN)


@question("succession.may_accept")
def may_accept(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """With an account that can be used and has a second step."""
    answer = may_answer(facts, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    if not facts.person_open:
        return Deny(Reason.SHUT)
    return Allow() if facts.has_second_step else Deny(Reason.NO_SECOND_STEP)


@question("succession.may_open")
def may_open(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """Who was named, and agreed some while ago: no thief names themselves and takes it all."""
    if not facts.is_theirs or facts.stands is not Stands.ACCEPTED:
        return Deny(Reason.NOT_NAMED)
    if not facts.person_open:
        return Deny(Reason.SHUT)
    if not facts.has_second_step:
        return Deny(Reason.NO_SECOND_STEP)
    if facts.runs:
        return Deny(Reason.RUNNING)
    return Allow() if facts.usable_from is not None and at >= facts.usable_from else Deny(Reason.TOO_NEW)


@question("succession.may_note")
def may_note(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """An agent who has opened the record notes what they have seen."""
    no = helps(helper)
    if no is not None:
        return no
    return _goes_on(case) or (Allow() if case.state is State.OPEN else Deny(Reason.NOT_RUNNING))


@question("succession.may_propose")
def may_propose(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """An agent, once a document was seen that says just this."""
    answer = may_note(case, helper, limits=limits, at=at)
    if not isinstance(answer, Allow):
        return answer
    return Allow() if FITS[case.kind] & set(case.seen) else Deny(Reason.NOT_SEEN)


@question("succession.may_approve")
def may_approve(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """A second person with no part in what the first rests on, while it still matters."""
    no = helps(helper, agent=False) or _goes_on(case)
    if no is not None:
        return no
    if case.state is not State.PROPOSED or case.proposed_at is None:
        return Deny(Reason.NOT_RUNNING)
    if helper.id == case.proposed_by or helper.id in case.noted_by:
        return Deny(Reason.SAME_PERSON)
    fresh = at < case.proposed_at + timedelta(hours=limits.succession.proposal_hours)
    return Allow() if fresh else Deny(Reason.EXPIRED)


@question("succession.may_reject")
def may_reject(case: Case, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """Either of them, until it has begun."""
    if helps(helper) is not None and helps(helper, agent=False) is not None:
        return Deny(Reason.NOT_STAFF)
    return Allow() if case.state in LIVE else Deny(Reason.NOT_RUNNING)


@question("succession.may_stop")
def may_stop(case: Case, *, limits: Limits, at: datetime) -> Decision:
    """The customer, and whoever reads a message of ours to them: while it waits, and what has begun too."""
    return Allow() if case.state in {*LIVE, State.GRANTED} else Deny(Reason.LINK_DEAD)


@question("succession.may_tell")
def may_tell(case: Case, *, limits: Limits, at: datetime) -> Decision:
    """Again and again, as long as it runs."""
    if case.state not in LIVE:
        return Deny(Reason.NOT_RUNNING)
    due = case.told_at is None or at >= case.told_at + timedelta(days=limits.succession.tell_days)
    return Allow() if due else Deny(Reason.TOLD)


@question("succession.may_begin")
def may_begin(case: Case, *, limits: Limits, at: datetime) -> Decision:
    """Once the wait is over, nobody has stopped it, and the customer has not been here since."""
    no = _goes_on(case)
    if no is not None:
        return no
    if case.state is not State.WAITS or case.ready_at is None or case.approved_at is None:
        return Deny(Reason.NOT_RUNNING)
    if not case.successor_stands:
        return Deny(Reason.NOT_NAMED)
    ready = max(case.ready_at, case.approved_at + timedelta(days=limits.succession.wait_days))
    return Allow() if at >= ready else Hold(Reason.STILL_WAITS, ready)


def _goes_on(case: Case) -> Deny | None:
    if case.opened_at is None:
        return Deny(Reason.NOT_RUNNING)
    there = case.there_at is not None and case.there_at >= case.opened_at
    return Deny(Reason.THERE) if there else None
