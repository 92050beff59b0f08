"""The help desk's part: may a case be opened for a caller, and what may be asked, noted, answered and sent?

Staff ask and note; what was shown is never theirs to say alone. A document takes a second agent, a code takes the
channel it went to, an answer in a session takes the customer.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from recovery.case.policy import cases
from recovery.case.policy.cases import CaseFacts, Helper
from recovery.case.policy.evidence import DESK, Way
from recovery.case.policy.states import LIVE, State, Verb


class Reason(ReasonBase):
    """Why not. ``words`` is what staff, or the customer, read."""

    ALREADY_RUNNING = "desk_already_running", "A recovery of this account is running already."
    CLOSED = "desk_closed", "This account is closed, or its address was never confirmed."
    NOTHING_THERE = "desk_nothing_there", "There is nothing of this kind that was the customer's before the call."
    NOT_ASKED = "desk_not_asked", "This was not asked for, or it was answered already."
    SECOND_AGENT = "desk_second_agent", "Another agent has to check the document: not who opened this, not who asked."
    NOTHING_LOST = "desk_nothing_lost", "Say what the caller has lost. Nothing was begun, and nobody was told."
    CLAIMED = "desk_claimed", "Somebody else has just taken this. Look who, before you take it over."
    YOURS = "desk_yours", "You work on this already."
    NOT_CLAIMED = "desk_not_claimed", "This is not yours to let go."
    NOT_HERE = "desk_not_here", "This is no longer asked, or not in this browser. Nothing was changed."


class WhyRejected(Worded):
    """Why the help desk said no."""

    NOT_CONVINCED = "not_convinced", "What was shown does not convince"
    DENIED = "denied", "The customer said that it was not them"
    DIFFERS = "differs", "The document is somebody else's"
    CALLER_GONE = "caller_gone", "The caller gave up"
    MISTAKE = "mistake", "Opened by mistake"
    SUSPECTED_FRAUD = "suspected_fraud", "Suspected fraud"


class Outcome(Worded):
    """What came of something that was asked."""

    CONFIRMED = "confirmed", "Confirmed"
    NOT_REACHED = "not_reached", "Not reached"
    DENIED = "denied", "Denied: it was not the customer who called"
    DIFFERS = "differs", "The document is somebody else's"
    UNREADABLE = "unreadable", "The document cannot be read, or is out of date"
    REPLACED = "replaced", "Asked again"


OF_CALL = (Outcome.CONFIRMED, Outcome.NOT_REACHED, Outcome.DENIED)
OF_DOCUMENT = (Outcome.CONFIRMED, Outcome.DIFFERS, Outcome.UNREADABLE)
ENDS = {Outcome.DENIED: WhyRejected.DENIED, Outcome.DIFFERS: WhyRejected.DIFFERS}
"""What was heard that ends a case at once."""


@dataclass(frozen=True, slots=True)
class BeginFacts:
    """The account of a caller. ``live``: the state of a recovery that can still lead somewhere.

    ``says_lost``: the caller says what they have lost. Former releases did not ask, so left out it counts as said.
    """

    is_open: bool = False
    says_lost: bool = True
    live: State | None = None
    live_by_desk: bool = False


@dataclass(frozen=True, slots=True)
class InquiryFacts:
    """Something that was, or would be, asked. ``reachable``: there is whatever it would be asked of."""

    way: Way
    reachable: bool = False
    is_open: bool = False
    asked_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Who of the staff works on a case; ``seen``: who did when the page was shown that asks to take it over."""

    by: UUID | None = None
    seen: UUID | None = None


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """The customer's own session, and whether it was asked: begun before the call, in a browser known by then."""

    is_asked: bool = False
    fits: bool = False


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """The customer's own link, as somebody opens it. ``stands``: it went where the case says it goes, and can still."""

    is_live: bool = False
    stands: bool = False


@question("desk.may_begin")
def may_begin(facts: BeginFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """May this agent open a case for a caller? One that the customer began and that rests on too little gives way."""
    no = cases.helps(helper)
    if no is not None:
        return no
    if not facts.is_open:
        return Deny(Reason.CLOSED)
    if not facts.says_lost:
        return Deny(Reason.NOTHING_LOST)
    gives_way = facts.live is None or (facts.live is State.OPEN and not facts.live_by_desk)
    return Allow() if gives_way else Deny(Reason.ALREADY_RUNNING)


@question("desk.may_ask")
def may_ask(case: CaseFacts, helper: Helper, inquiry: InquiryFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this agent ask for one more thing? Only of what was the customer's before the call."""
    no = _may_touch(case, helper, limits, at)
    if no is not None:
        return no
    return Allow() if inquiry.way in DESK and inquiry.reachable else Deny(Reason.NOTHING_THERE)


@question("desk.may_note")
def may_note(case: CaseFacts, helper: Helper, inquiry: InquiryFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this agent note what came of it? A document is checked by a second agent."""
    no = _may_touch(case, helper, limits, at)
    if no is not None:
        return no
    if not inquiry.is_open:
        return Deny(Reason.NOT_ASKED)
    if inquiry.way is Way.DOCUMENT and helper.id in {inquiry.asked_by, case.opened_by}:
        return Deny(Reason.SECOND_AGENT)
    return Allow()


@question("desk.may_answer")
def may_answer(case: CaseFacts, answer: AnswerFacts, *, limits: Limits, at: datetime) -> Decision:
    """May the customer answer in this session?"""
    no = cases.helped(case) or cases.blocked(case, Verb.PROPOSE, limits, at)
    if no is not None:
        return no
    return Allow() if answer.is_asked and answer.fits else Deny(Reason.NOT_HERE)


@question("desk.may_send_again")
def may_send_again(case: CaseFacts, helper: Helper, *, limits: Limits, at: datetime) -> Decision:
    """May this agent have the customer's link sent once more? To the same place, once the wait is over."""
    return cases.helps(helper) or cases.helped(case) or cases.may_complete(case, limits=limits, at=at)


@question("desk.may_claim")
def may_claim(case: CaseFacts, link: LinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """May the browser that opened the link finish the recovery? Once, while it can be finished."""
    if not (link.is_live and link.stands) or cases.helped(case) is not None:
        return Deny(cases.Reason.LINK_DEAD)
    return cases.may_complete(case, limits=limits, at=at)


@question("desk.may_take")
def may_take(case: CaseFacts, helper: Helper, claim: ClaimFacts, *, limits: Limits, at: datetime) -> Decision:
    """May this member of staff say that they work on it, or take it over? Of two who ask at once, one gets it."""
    no = _may_work(case, helper)
    if no is not None:
        return no
    if claim.by == helper.id:
        return Deny(Reason.YOURS)
    return Allow() if claim.by == claim.seen else Deny(Reason.CLAIMED)


@question("desk.may_let_go")
def may_let_go(case: CaseFacts, helper: Helper, claim: ClaimFacts, *, limits: Limits, at: datetime) -> Decision:
    """May they say that they no longer do?"""
    no = _may_work(case, helper)
    if no is not None:
        return no
    return Allow() if claim.by == helper.id else Deny(Reason.NOT_CLAIMED)


def _may_work(case: CaseFacts, helper: Helper) -> Decision | None:
    """A claim only tells the others: it opens nothing, and nothing waits for it, so the record need not be open."""
    if not helper.acts_here or not (helper.is_agent or helper.is_approver):
        return Deny(cases.Reason.NOT_YOUR_ROLE)
    if helper.is_customer:
        return Deny(cases.Reason.OWN_ACCOUNT)
    if case.state not in LIVE:
        return Deny(cases.Reason.NOT_POSSIBLE)
    return cases.helped(case)


def _may_touch(case: CaseFacts, helper: Helper, limits: Limits, at: datetime) -> Decision | None:
    return cases.helps(helper) or cases.helped(case) or cases.blocked(case, Verb.PROPOSE, limits, at)
