"""May data of a person be used: for this purpose, by this recipient, at this moment? And which of it?

The one answer behind every claim, field, header, message and export. What is missing or unknown means no.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase, Worded
from consent.purposes.policy import Basis
from consent.purposes.policy import Reason as NoPurpose
from consent.records.policy import State


class Reason(ReasonBase):
    """Why not. ``words`` is what the customer reads of it."""

    UNKNOWN_SUBJECT = "use_unknown_subject", "Nobody is known by this name."
    NOT_ITS_PURPOSE = "use_not_its_purpose", "It may not use data for this."
    NOT_OPEN = "use_account_not_open", "The account was closed, locked or on hold."
    NEVER_ASKED = "use_never_asked", "You have not been asked about this."
    REFUSED = "use_refused", "You said no to this."
    WITHDRAWN = "use_withdrawn", "You took this back."
    EXPIRED = "use_expired", "What you allowed had ended."
    ASKED_ANEW = "use_asked_anew", "What this says has changed, and you have not said yes to it."
    PAUSED = "use_paused", "You asked us to pause this."
    OBJECTED = "use_objected", "You objected to this."
    NOT_COVERED = "use_not_covered", "This is not part of what you allowed."


class Rests(Worded):
    """How a use stands to what its person had said by then, as auditors read it."""

    REFUSED = "refused", "Nothing went out."
    ON_A_YES = "on_a_yes", "It rests on this answer."
    ON_NO_YES = "on_no_yes", "It needed no yes, and no objection stood."
    ON_NOTHING = "on_nothing", "Our fault: it needed a yes, and none stood at that instant."
    ON_WHAT_IS_NOT_THERE = "on_what_is_not_there", "Our fault: the ledger names an answer that is not there."
    ON_ANOTHER = "on_another", "Our fault: another answer stood at that instant than the one it rests on."
    AGAINST = "against", "Our fault: what stood at that instant did not allow it."

    @property
    def is_fault(self) -> bool:
        """Whether nothing should have gone out."""
        return self not in {Rests.REFUSED, Rests.ON_A_YES, Rests.ON_NO_YES}


CAN_BE_ASKED = frozenset({Reason.NEVER_ASKED, Reason.EXPIRED, Reason.ASKED_ANEW})
"""Where the customer is there, ask them; where they are not, it is no."""
_SAID_NO = {
    State.REFUSED: Reason.REFUSED,
    State.WITHDRAWN: Reason.WITHDRAWN,
    State.EXPIRED: Reason.EXPIRED,
    State.SUPERSEDED: Reason.ASKED_ANEW,
    State.PAUSED: Reason.PAUSED,
    State.OBJECTED: Reason.OBJECTED,
}
_STOPS_AN_INTEREST = frozenset({State.REFUSED, State.WITHDRAWN, State.PAUSED, State.OBJECTED})


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose as it holds now. ``material``: the oldest version a yes to which still counts."""

    key: str
    version: int
    material: int
    basis: Basis
    categories: frozenset[str]
    is_refusable: bool = True
    """Not: it protects the customer, and no answer of anybody's stops it."""


@dataclass(frozen=True, slots=True)
class Said:
    """How it stands between a customer, a purpose and a recipient. ``number`` is that of the customer's answer."""

    state: State
    number: int
    version: int
    categories: frozenset[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Use:
    """One use: which categories, and all that decides. ``nothing``: why there is no such purpose to use them for.

    ``is_known``: whether there is such a person, as far as the recipient may know.
    """

    categories: frozenset[str]
    purpose: Purpose | None
    nothing: NoPurpose | None
    is_known: bool
    is_its_purpose: bool
    is_ours: bool
    is_open: bool
    said: Said | None


@dataclass(frozen=True, slots=True)
class Traced:
    """A use as the ledger has it, and the answer that it names; ``use.said`` is None, if that is not there.

    ``replaced_at``: when the next answer was given; of a use that names none, when the first one was.
    """

    use: Use
    was_allowed: bool
    names_one: bool
    said_at: datetime | None
    replaced_at: datetime | None


@question("use.may_use")
def may_use(use: Use, *, limits: Limits, at: datetime) -> Decision:
    """Whether any of it may. Which, ``permitted`` says."""
    why = _why_not(use, at)
    if why is not None:
        return Deny(why)
    return Allow() if permitted(use, at) or not use.categories else Deny(Reason.NOT_COVERED)


def permitted(use: Use, at: datetime) -> frozenset[str]:
    """Of the categories that are asked for, those that may be used: what is no part of it falls out."""
    if use.purpose is None or _why_not(use, at) is not None:
        return frozenset()
    covered = use.categories & use.purpose.categories
    return covered & use.said.categories if _rests_on_a_yes(use) and use.said is not None else covered


def rests(traced: Traced, *, limits: Limits, at: datetime) -> Rests:
    """Whether a use that was allowed at this instant should have been: asked again with what stood then."""
    if not traced.was_allowed:
        return Rests.REFUSED
    if traced.names_one and traced.use.said is None:
        return Rests.ON_WHAT_IS_NOT_THERE
    late = timedelta(seconds=limits.consent.takes_effect_seconds)
    too_early = traced.said_at is not None and at + late < traced.said_at
    if too_early or (traced.replaced_at is not None and at > traced.replaced_at + late):
        return Rests.ON_ANOTHER
    if _rests_on_a_yes(traced.use) and traced.use.said is None:
        return Rests.ON_NOTHING
    if isinstance(may_use(traced.use, limits=limits, at=at), Deny) or permitted(traced.use, at) < traced.use.categories:
        return Rests.AGAINST
    return Rests.ON_A_YES if _rests_on_a_yes(traced.use) else Rests.ON_NO_YES


def _rests_on_a_yes(use: Use) -> bool:
    return use.purpose is not None and use.purpose.basis is Basis.CONSENT


def _why_not(use: Use, at: datetime) -> Reason | NoPurpose | None:
    purpose = use.purpose
    if not use.is_known:
        return Reason.UNKNOWN_SUBJECT
    if purpose is None:
        return use.nothing or NoPurpose.UNKNOWN
    if not use.is_its_purpose:
        return Reason.NOT_ITS_PURPOSE
    if not purpose.is_refusable and use.is_ours:
        return None
    if not use.is_open:
        return Reason.NOT_OPEN
    match purpose.basis:
        case Basis.CONSENT:
            return _no_yes(use.said, purpose, at)
        case Basis.LEGITIMATE_INTEREST:
            return _SAID_NO[use.said.state] if use.said and use.said.state in _STOPS_AN_INTEREST else None
        case Basis.CONTRACT:
            return Reason.PAUSED if use.said and use.said.state is State.PAUSED else None
        case Basis.LEGAL_OBLIGATION:
            return None


def _no_yes(said: Said | None, purpose: Purpose, at: datetime) -> Reason | None:
    if said is None:
        return Reason.NEVER_ASKED
    if said.state is not State.GIVEN:
        return _SAID_NO[said.state]
    if said.expires_at is not None and at >= said.expires_at:
        return Reason.EXPIRED
    return Reason.ASKED_ANEW if said.version < purpose.material else None
