"""Locked: what leads back in, and who may go that way.

A lock never makes coming in easier. The mailbox alone leads back only where it always would have: to an account
without a second factor on which nothing that recovery rests on was taken back.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    STILL_LOCKED = "still_locked", "This account is still locked. A new password alone does not open it."
    UNDO_LINK_DEAD = "undo_link_dead", "This link has been used already, or it has expired."


class WayBack(StrEnum):
    """What leads back into a locked account, easiest first."""

    MAILBOX = "mailbox"  # a new password by mail, and a second factor from whoever holds one
    FACTOR = "factor"  # a new password by mail and a second factor; never the mailbox alone
    RECOVERY = "recovery"  # a recovery that proves more than mailbox and factor, or the help desk


_HARDNESS = tuple(WayBack)


def hardest(*ways: str) -> WayBack:
    """Of several ways, the one that asks for most; what is not known asks for nothing."""
    known = [way for way in _HARDNESS if way.value in ways]
    return known[-1] if known else WayBack.MAILBOX


@dataclass(frozen=True, slots=True)
class LockFacts:
    """A locked account. ``restored``: access was restored since by mail; a new password is set."""

    way: WayBack
    restored: bool
    has_factor: bool


def is_ajar(facts: LockFacts) -> bool:
    """Whether a sign-in is looked at: with a second factor it would unlock."""
    return facts.restored and facts.has_factor and facts.way is not WayBack.RECOVERY


@question("lock.may_unlock_by_mail")
def may_unlock_by_mail(facts: LockFacts, *, limits: Limits, at: datetime) -> Decision:
    """Whether a new password set with a mailed link opens it, with nothing more."""
    if facts.way is not WayBack.MAILBOX or facts.has_factor or not facts.restored:
        return Deny(Reason.STILL_LOCKED)
    return Allow()


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """A link that somebody opened to take a change back."""

    is_live: bool
    change_stands: bool
    account_active: bool


@question("lock.may_undo")
def may_undo(facts: UndoFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once, in time, while the change stands. Neither a new password nor a new address takes the answer away."""
    if not facts.is_live:
        return Deny(Reason.UNDO_LINK_DEAD)
    if not facts.change_stands:
        return Deny(Reason.UNDO_LINK_DEAD)
    if not facts.account_active:
        return Deny(Reason.UNDO_LINK_DEAD)
    return Allow()
