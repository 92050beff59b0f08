"""What a customer may say about a purpose, what that makes of what they said before, and until when it counts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase
from consent.purposes.policy import Basis


class State(StrEnum):
    """How it stands between a person, a purpose and a recipient. Data may be used under ``GIVEN`` alone.

    What needs no yes (contract, legal obligation, legitimate interest) may be used without a record, and under any but
    ``OBJECTED`` and ``PAUSED``.
    """

    GIVEN = "given"
    REFUSED = "refused"  # asked, and said no
    WITHDRAWN = "withdrawn"  # said yes, and took it back
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # the text changed in what matters: it is asked anew
    PAUSED = "paused"  # processing is restricted (GDPR 18), or what a guardian said waits for the child to say it
    OBJECTED = "objected"  # to what rests on legitimate interest (GDPR 21)


class GivenBy(StrEnum):
    """Who said yes."""

    SELF = "self"
    GUARDIAN = "guardian"
    DELEGATE = "delegate"


class Says(StrEnum):
    """A customer's answer."""

    YES = "yes"
    NO = "no"


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads."""

    CLOSED = "choice_account_closed", "This account is closed."
    NOT_YOURS = "choice_not_yours", "Only the person it is about can say this."
    NOT_CURRENT = (
        "choice_text_changed",
        "This text has changed since you opened the page. Nothing was saved. Please read it again.",
    )
    NOT_ASKED = "choice_not_asked", "This is not used."
    NEEDED = "choice_needed", "This cannot be refused while you have an account. The page says why."
    NOTHING_THERE = "choice_nothing_there", "There is nothing here to take back."
    STILL_GOOD = "choice_still_good", "This still counts."


# How each basis takes a yes and a no; a yes to what needs none takes an objection back.
_ANSWERED = frozenset({Basis.CONSENT, Basis.LEGITIMATE_INTEREST})


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer of somebody about a purpose. ``is_current``: the text that they read is the one that is active now."""

    is_owner: bool
    is_open: bool
    is_known: bool
    is_current: bool
    basis: Basis | None
    state: State | None
    says: Says


@dataclass(frozen=True, slots=True)
class Standing:
    """What was said to which version, until when, and what the purpose asks today."""

    state: State
    version: int
    expires_at: datetime | None
    basis: Basis | None
    """On which the purpose rests now; None: it is not in use any more."""
    material: int = 0
    """The newest version that asks anew."""
    is_edited: bool = False
    """The purpose is not as it was approved: what was said counts for nothing until it is, and does not end by it."""
    by_guardian: bool = False
    """Somebody else said it for a child: in the end it pauses, until the child has said so itself."""


@question("choice.may_answer")
def may_answer(facts: Answering, *, limits: Limits, at: datetime) -> Decision:
    """A yes, to exactly the text that was read. A no at any time, whatever was read: it needs no current text."""
    if not facts.is_owner:
        return Deny(Reason.NOT_YOURS)
    if not facts.is_open:
        return Deny(Reason.CLOSED)
    if not facts.is_known:
        return Deny(Reason.NOT_ASKED)
    if facts.basis not in _ANSWERED:
        return Deny(Reason.NEEDED)
    if facts.says is Says.NO:
        return Allow()
    return Allow() if facts.is_current else Deny(Reason.NOT_CURRENT)


def becomes(basis: Basis | None, state: State | None, says: Says) -> State:
    """What an answer makes of what was said before."""
    if says is Says.YES:
        return State.GIVEN
    if basis is Basis.LEGITIMATE_INTEREST:
        return State.OBJECTED
    return State.REFUSED if state in {None, State.REFUSED} else State.WITHDRAWN


def lapse_of(facts: Standing, at: datetime) -> State | None:
    """What a yes has become by the clock or by a new text, whether or not anybody has written it down yet.

    What needs no yes does not end with a new text; it ends with its purpose.
    """
    if facts.state is not State.GIVEN or facts.is_edited:
        return None
    if facts.expires_at is not None and at >= facts.expires_at:
        return State.PAUSED if facts.by_guardian else State.EXPIRED
    is_outdated = facts.basis is Basis.CONSENT and facts.version < facts.material
    return State.SUPERSEDED if facts.basis is None or is_outdated else None


def stands(facts: Standing, at: datetime) -> bool:
    """Whether this is a yes that counts at this moment."""
    return facts.state is State.GIVEN and not facts.is_edited and lapse_of(facts, at) is None


def rests(facts: Standing) -> bool:
    """Whether this is a yes that counts for nothing now and may again: paused, or of a purpose that was edited."""
    return facts.state is State.PAUSED or (facts.state is State.GIVEN and facts.is_edited)


def is_answered(facts: Standing, at: datetime) -> bool:
    """Whether the person need not be asked again: a yes that counts, or a no to what is asked today."""
    if facts.state in {State.GIVEN, State.EXPIRED, State.SUPERSEDED}:
        return stands(facts, at)
    return facts.basis is not None and facts.version >= facts.material
