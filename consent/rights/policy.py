"""What a customer may ask about their data, who answers it, until when, and what ends a restriction of use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from ciam_portal.core.roles import Role

OFFICERS = frozenset({Role.PRIVACY_OFFICER, Role.ADMINISTRATOR})


class Kind(Worded):
    """What is asked for."""

    CORRECT = "correct", "Correct my data"
    RESTRICT = "restrict", "Restrict the use of my data"
    OBJECT = "object", "Object to a use of my data"


class About(Worded):
    """What it is about: data to be corrected, or why the use shall rest."""

    NAME = "name", "My name"
    BIRTH_DATE = "birth_date", "My date of birth"
    ADDRESS = "address", "My postal address"
    HISTORY = "history", "What is recorded about me"
    SOMETHING = "something", "Something else"
    CONTESTED = "contested", "My data is wrong, and you are looking into it"
    UNLAWFUL = "unlawful", "You may not use it, but I do not want it deleted"
    CLAIMS = "claims", "I need it to make or defend a legal claim"
    OBJECTED = "objected", "I objected, and you are looking into it"
    RISK = "risk", "How you decide whether a sign-in is unusual"
    STATISTICS = "statistics", "Statistics about how people use the portal"


FITTING = {
    Kind.CORRECT: (About.NAME, About.BIRTH_DATE, About.ADDRESS, About.HISTORY, About.SOMETHING),
    Kind.RESTRICT: (About.CONTESTED, About.UNLAWFUL, About.CLAIMS, About.OBJECTED),
    Kind.OBJECT: (About.RISK, About.STATISTICS, About.SOMETHING),
}
"""What can be chosen with each."""


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"  # by the customer


class Answer(Worded):
    """What staff answer. The customer reads it."""

    DONE = "done", "We did what you asked."
    PARTLY = "partly", "We did a part of what you asked. The rest we must keep as it is."
    IS_RIGHT = "is_right", "We looked at it, and found that it is right as it is."
    CANNOT_CONFIRM = "cannot_confirm", "We could not confirm what you told us. Please ask again with something to show."
    MUST_KEEP = "must_keep", "A law, or the safety of your account, obliges us to go on as before."
    NOT_THERE = "not_there", "We keep nothing of what you asked about."


class WhyLonger(Worded):
    """Why an answer takes longer than a month (GDPR 12(3)). The customer reads it."""

    COMPLEX = "complex", "What you ask takes more work than usual."
    MANY = "many", "We have many requests of this kind at present."


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_YOURS = "request_not_yours", "Only the person it is about can do this."
    NOT_FITTING = "request_not_fitting", "Please choose what it is about."
    ALREADY_ASKED = "request_already_asked", "You have asked this already, and we are looking into it."
    TOO_MANY_REQUESTS = "too_many_requests", "You have asked about several things today. Please come back tomorrow."
    NOT_OPEN = "request_not_open", "This request is over already."
    NOT_RESTRICTED = "not_restricted", "The use of your data is no longer restricted."
    NOT_AN_OFFICER = "not_a_privacy_officer", "Only a privacy officer or an administrator may do this."
    OWN_REQUEST = "own_request", "This is about your own data. Somebody else has to answer it."
    NOT_OPENED = "request_record_not_opened", "Open the record with a reason first."
    EXTENDED_ALREADY = "request_extended_already", "This was given more time already. It has to be answered now."
    TOO_LATE = "request_too_late", "More time can only be taken within the first month. It has to be answered now."


@dataclass(frozen=True, slots=True)
class Asking:
    """A customer's request. ``is_open``: there is one of this kind about the same already. Left out: somebody else."""

    is_owner: bool = False
    kind: Kind | None = None
    about: About | None = None
    is_open: bool = True
    asked_today: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A request as it stands. Left out: it is over."""

    customer: UUID | None = None
    state: State = State.ANSWERED
    asked_at: datetime | None = None
    is_extended: bool = True
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Officer:
    """The member of staff who would answer. ``opened``: the customer's record, in this very session."""

    id: UUID | None = None
    roles: tuple[Role, ...] = ()
    opened: bool = False


@question("rights.may_ask")
def may_ask(facts: Asking, *, limits: Limits, at: datetime) -> Decision:
    """The owner, once about each thing while it is open, and not endlessly many a day."""
    if not facts.is_owner:
        return Deny(Reason.NOT_YOURS)
    if facts.kind is None or facts.about not in FITTING[facts.kind]:
        return Deny(Reason.NOT_FITTING)
    if facts.is_open:
        return Deny(Reason.ALREADY_ASKED)
    return Deny(Reason.TOO_MANY_REQUESTS) if facts.asked_today >= limits.rights.requests_per_day else Allow()


@question("rights.may_withdraw")
def may_withdraw(facts: Standing, is_owner: bool, *, limits: Limits, at: datetime) -> Decision:  # noqa: FBT001  (a fact)
    """The owner takes it back while nobody has answered."""
    if not is_owner:
        return Deny(Reason.NOT_YOURS)
    return Allow() if facts.state is State.OPEN else Deny(Reason.NOT_OPEN)


@question("rights.may_lift")
def may_lift(facts: Standing, is_owner: bool, *, limits: Limits, at: datetime) -> Decision:  # noqa: FBT001  (a fact)
    """The owner ends the restriction of use at any time, whatever became of the request."""
    if not is_owner:
        return Deny(Reason.NOT_YOURS)
    return Allow() if facts.is_restricted else Deny(Reason.NOT_RESTRICTED)


@question("rights.may_answer")
def may_answer(facts: Standing, officer: Officer, *, limits: Limits, at: datetime) -> Decision:
    """A privacy officer, about somebody else whose record they opened, while it is open; also when it is late."""
    if officer.id is None or not OFFICERS & set(officer.roles):
        return Deny(Reason.NOT_AN_OFFICER)
    if facts.customer is None or facts.customer == officer.id:
        return Deny(Reason.OWN_REQUEST)
    if not officer.opened:
        return Deny(Reason.NOT_OPENED)
    return Allow() if facts.state is State.OPEN else Deny(Reason.NOT_OPEN)


@question("rights.may_extend")
def may_extend(facts: Standing, officer: Officer, *, limits: Limits, at: datetime) -> Decision:
    """The same, once, and within the month in which it should have been answered."""
    answers = may_answer(facts, officer, limits=limits, at=at)
    if not isinstance(answers, Allow):
        return answers
    if facts.is_extended:
        return Deny(Reason.EXTENDED_ALREADY)
    month = timedelta(days=limits.rights.answer_days)
    return Allow() if facts.asked_at is not None and at < facts.asked_at + month else Deny(Reason.TOO_LATE)
