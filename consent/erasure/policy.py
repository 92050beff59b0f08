"""May this account be deleted, kept after all, erased now? What is in the way waits or is refused, each with a reason.

While a deletion waits nothing works but keeping the account. Somebody who gets back in without signing in may be its
owner or a thief: no deletion is asked for while that goes on, and none begins before it is over and has rested.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    STAFF_ACCOUNT = (
        "erasure_staff_account",
        "You are one of our staff. An administrator has to take your role away before you can delete your account.",
    )
    RECOVERING = (
        "erasure_recovering",
        (
            "Somebody is getting back into this account without signing in. If that is not you, stop it first; if it "
            "is, finish it or stop it. Then you can delete the account."
        ),
    )
    NEEDED = (
        "erasure_needed",
        "You are the last owner of a business. Make somebody else an owner, or close it, before you delete this.",
    )
    LAST_GUARDIAN = (
        "erasure_last_guardian",
        "Nobody but you answers for a child here. Before you can delete your account, somebody else has to.",
    )
    ASKED_ALREADY = "erasure_asked_already", "This account is about to be deleted already."
    KEEP_LINK_DEAD = (
        "erasure_keep_link_dead",
        "This link no longer works: the account is kept already, or it has been deleted.",
    )
    NOT_WAITING = "erasure_not_waiting", "This account is not about to be deleted."
    COOLING_OFF = "erasure_cooling_off", "The account can still be kept."
    HELD = "erasure_held", "We may not delete this yet: a legal hold keeps it."
    SUSPENDED = "erasure_suspended", "The account is paused, so its owner could not keep it now."
    QUARANTINE = "erasure_quarantine", "Access to this account was restored a short time ago."


@dataclass(frozen=True, slots=True)
class AskFacts:
    """An account whose owner wants it deleted. Left out: it cannot be."""

    is_staff: bool = True
    is_recovering: bool = True
    is_asked: bool = True
    is_needed: bool = False  # former releases did not ask
    is_last_guardian: bool = False  # decisions from before there were families do not say it


@question("erasure.may_ask")
def may_ask(facts: AskFacts, *, limits: Limits, at: datetime) -> Decision:
    """How much proof it takes is the catalogue's business (``delete_account``). A legal hold makes it wait, later."""
    if facts.is_staff:
        return Deny(Reason.STAFF_ACCOUNT)
    if facts.is_asked:
        return Deny(Reason.ASKED_ALREADY)
    if facts.is_needed:
        return Deny(Reason.NEEDED)
    if facts.is_last_guardian:
        return Deny(Reason.LAST_GUARDIAN)
    return Deny(Reason.RECOVERING) if facts.is_recovering else Allow()


@dataclass(frozen=True, slots=True)
class KeepFacts:
    """A deletion that somebody takes back: by a link (``link_is_live``), or signed in."""

    waits: bool = False
    link_is_live: bool = True


@question("erasure.may_keep")
def may_keep(facts: KeepFacts, *, limits: Limits, at: datetime) -> Decision:
    """As long as nothing is erased, and by whoever reads a message about it; nothing is opened by it."""
    return Allow() if facts.waits and facts.link_is_live else Deny(Reason.KEEP_LINK_DEAD)


@dataclass(frozen=True, slots=True)
class DueFacts:
    """A deletion and what stands in its way. Left out: it does not wait, so it does not begin."""

    waits: bool = False
    due_at: datetime | None = None
    is_recovering: bool = True
    held_until: datetime | None = None
    suspended_until: datetime | None = None
    quarantine_until: datetime | None = None


@question("erasure.may_begin")
def may_begin(facts: DueFacts, *, limits: Limits, at: datetime) -> Decision:
    """Once nothing stands in the way any more; each end belongs to "over"."""
    if not facts.waits or facts.due_at is None:
        return Deny(Reason.NOT_WAITING)
    for until, reason in (
        (facts.due_at, Reason.COOLING_OFF),
        (facts.held_until, Reason.HELD),
        (facts.suspended_until, Reason.SUSPENDED),
        (facts.quarantine_until, Reason.QUARANTINE),
    ):
        if until is not None and at < until:
            return Hold(reason, until)
    return Hold(Reason.RECOVERING, None) if facts.is_recovering else Allow()


def due_at(asked_at: datetime, limits: Limits) -> datetime:
    """When an account is erased whose owner asks for it now."""
    return asked_at + timedelta(days=limits.erasure.cooling_off_days)


def reminded_until(at: datetime, limits: Limits) -> datetime:
    """Who is erased by then is told again now."""
    return at + timedelta(days=limits.erasure.reminder_days)
