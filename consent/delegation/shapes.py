"""What a delegation is made of: its kinds and states, and what it lets somebody do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from ciam_portal.core.policy.reason import Worded


class Kind(StrEnum):
    """What sort of delegate."""

    PERSON = "person"
    GUARDIAN = "guardian"  # of a child
    MEMBER = "member"  # of a business
    AGENT = "agent"  # a program


class State(StrEnum):
    """Where a delegation stands. Only an active one lets anybody do anything."""

    OFFERED = "offered"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


LIVE = (State.ACTIVE, State.PAUSED)


class Asked(StrEnum):
    """Where a request stands by which somebody asks to act for somebody else."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by whoever asked
    EXPIRED = "expired"


class Ended(Worded):
    """Why a delegation is over."""

    BY_OWNER = "by_owner", "The owner of the account ended it."
    BY_DELEGATE = "by_delegate", "The person who could act ended it."
    REFUSED = "refused", "The invitation was refused."
    NOT_ANSWERED = "not_answered", "Nobody answered the invitation in time."
    EXPIRED = "expired", "Its time was up."
    LOCKED = "locked", "The account was locked, or a change of it was taken back."
    NOT_ME = "not_me", "It was made in a session that was somebody else's."
    LEFT = "left", "An account was deleted."
    GROWN_UP = "grown_up", "The young person is grown up."
    OTHERWISE = "otherwise", "What it rested on is no longer there."


@dataclass(frozen=True, slots=True)
class Terms:
    """What a delegate may do and up to where. Nothing in it means nothing; a limit of None that there is none.

    ``asks``: actions before which the owner is asked each time. ``partners``: apps it is for; none: every app that the
    owner has connected. Amounts are in minor units of ``currency``, by the owner's calendar month; so are days.
    """

    actions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    partners: tuple[UUID, ...] = ()
    currency: str | None = None
    amount_each: int | None = None
    amount_month: int | None = None
    times_day: int | None = None

    def within(self, other: "Terms") -> bool:
        """Whether it lets nobody do anything that ``other`` does not: no action, app or amount more."""
        asked = {action for action in self.actions if action in other.asks}
        return (
            set(self.actions) <= set(other.actions)
            and set(self.scopes) <= set(other.scopes)
            and asked <= set(self.asks)
            and (not other.partners or (bool(self.partners) and set(self.partners) <= set(other.partners)))
            and (other.currency is None or self.currency == other.currency)
            and _no_more(self.amount_each, other.amount_each)
            and _no_more(self.amount_month, other.amount_month)
            and _no_more(self.times_day, other.times_day)
        )


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a delegate wants to do. ``action`` None: nothing, but may they act at all?

    ``partner``: the app it is done in; ``resource``: at which API of others; ``amount`` in minor units. ``approved``:
    the owner has said yes to just this.
    """

    action: str | None = None
    scopes: tuple[str, ...] = ()
    partner: UUID | None = None
    resource: str = ""
    amount: int | None = None
    currency: str | None = None
    approved: bool = False


def _no_more(limit: int | None, other: int | None) -> bool:
    return other is None or (limit is not None and limit <= other)
