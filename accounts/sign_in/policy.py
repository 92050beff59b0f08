"""Is this somebody who could come in at all? Asked by every way in, before the sign-in is assessed."""

from dataclasses import dataclass
from datetime import datetime

from accounts.lock.policy import LockFacts, is_ajar
from ciam_portal.core import gate
from ciam_portal.core.policy.assurance import UPSTREAMS, Level, Method, level_of
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    ACCOUNT_CLOSED = "account_closed", "The email address or the password is not right."
    ADDRESS_NOT_PROVEN = "address_not_proven", "Please confirm your email address first. We have sent you a link."
    LOCKED = "locked", "The email address or the password is not right."
    SUSPENDED = "suspended", "The email address or the password is not right."
    STAFF_UPSTREAM = "staff_upstream", "The email address or the password is not right."
    NOTHING_PROVEN = "nothing_proven", "The email address or the password is not right."
    TOO_MANY_WAITING = "too_many_waiting", "You have begun many things that ask who you are."


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """What is known at the door: the account's state, and what was proven just now. ``lock`` None: not locked.

    ``suspended_until``: when a suspension by staff ends, or ended; None: there was none.
    """

    is_active: bool
    address_proven: bool
    proven: tuple[Method, ...]
    lock: LockFacts | None = None
    suspended_until: datetime | None = None
    is_staff: bool = False


@question("sign_in.on_sign_in")
def on_sign_in(facts: SignInFacts, *, limits: Limits, at: datetime) -> Decision:
    """Whether there is anything to assess. How much proof it takes is the catalogue's business (``sign_in``)."""
    if not facts.is_active:
        return Deny(Reason.ACCOUNT_CLOSED)
    upstream = bool(UPSTREAMS & set(facts.proven))
    if facts.lock is not None and (upstream or not is_ajar(facts.lock)):  # a lock is opened by what is kept here alone
        return Deny(Reason.LOCKED)
    if facts.suspended_until is not None and at < facts.suspended_until:
        return Deny(Reason.SUSPENDED)
    if level_of(facts.proven) is Level.NONE:
        return Deny(Reason.NOTHING_PROVEN)
    if upstream and facts.is_staff:
        return Deny(Reason.STAFF_UPSTREAM)
    if not facts.address_proven:
        return Deny(Reason.ADDRESS_NOT_PROVEN)
    if facts.lock is not None and level_of(facts.proven) < Level.AAL2:
        return StepUp(Level.AAL2, gate.Reason.PROVE_MORE)
    return Allow()
