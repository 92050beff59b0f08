"""People a customer trusts to help them back in: may one be named, answer, be asked, and be shown a code?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    ENOUGH = "contact_enough", "You have as many recovery contacts as an account can have. Remove one first."
    KNOWN = "contact_known", "This person is one of your recovery contacts, or has been asked to be one."
    OWN = "contact_own", "This is an address of your own. Name somebody else: a person whom you can call."
    NOT_THERE = "contact_not_there", "This person is no longer one of your recovery contacts. Nothing was changed."
    LINK_DEAD = (
        "contact_link_dead",
        "This link no longer works: it was used, it is too old, or it was taken back.",
    )
    TOLD = "contact_told", "This customer was reminded already."


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What the account has already, read under lock. ``is_own``: one of the customer's own mailboxes."""

    kept: int
    is_known: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """A link that somebody opened, and the contact it was sent to. ``usable_from`` None: has not accepted."""

    is_live: bool
    account_active: bool
    is_kept: bool
    is_own: bool
    usable_from: datetime | None


@question("contacts.may_invite")
def may_invite(facts: ContactFacts, *, limits: Limits, at: datetime) -> Decision:
    """A few, each somebody else than the customer."""
    if facts.is_own:
        return Deny(Reason.OWN)
    if facts.is_known:
        return Deny(Reason.KNOWN)
    return Deny(Reason.ENOUGH) if facts.kept >= limits.recovery.contacts else Allow()


@question("contacts.may_answer")
def may_answer(link: LinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """An invitation is answered once, in time, while it stands."""
    stands = link.is_live and link.account_active and link.is_kept and link.usable_from is None
    return Allow() if stands else Deny(Reason.LINK_DEAD)


@question("contacts.may_see_code")
def may_see_code(link: LinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """Only somebody who accepted long enough ago, is still a contact, and has a mailbox that is not the customer's."""
    helps = link.usable_from is not None and link.usable_from <= at
    stands = link.is_live and link.account_active and link.is_kept and not link.is_own
    return Allow() if stands and helps else Deny(Reason.LINK_DEAD)


@question("contacts.may_remind")
def may_remind(since: datetime | None, *, limits: Limits, at: datetime) -> Decision:
    """Once a year, counted from the last time or from the first address or contact; never if there are none."""
    due = since is not None and since + timedelta(days=limits.recovery.review_days) <= at
    return Allow() if due else Deny(Reason.TOLD)
