"""Locking an account and unlocking it. A lock stops everything at once; the way back is recovery, not a sign-in alone.

What unlocks (``accounts.lock.policy``): a new password set with a mailed link opens an account without a second factor;
to one that has a factor the same leads only together with that factor, at the next sign-in. After an undo that touched
the address, the phone or a factor the mailbox alone opens nothing, so that whoever holds an old mailbox can lock but
not enter; a recovery that has proven more calls ``unlock``.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from accounts.customer import addresses, proofs
from accounts.lock import events, notices, policy
from accounts.lock.flows.everywhere import announce
from accounts.lock.policy import WayBack
from accounts.models import User
from accounts.sessions import flows as sessions
from accounts.sign_in import policy as sign_in_policy
from accounts.step_up import facts
from ciam_portal.core import links
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow
from ciam_portal.core.themes import Joined

LOCKED = "locked"
ENDS = Joined[Callable[..., int]]()
"""What else ends with a lock, or with a change that is taken back: ``(customer, since, *, by, at)``, how many."""


@flow
def lock(customer: User, *, by: Actor, at: datetime) -> None:
    """The panic button: sessions, tokens, links and recoveries end; nobody comes in by any way until it is unlocked.

    Asks for nothing: whoever sees a thief in the account must not be stopped by a second step. The worst that a thief
    can do with it is lock themselves out too.
    """
    customer = User.objects.locked(customer.pk)
    customer.shut(WayBack.MAILBOX, at)
    proofs.drop(customer, at)
    ended = sessions.end_all(customer, by=by, at=at, reason=LOCKED)
    end_beyond(customer, at, by=by, at=at)
    event = events.AccountLocked(way=WayBack(customer.way_back), sessions_ended=ended[0], tokens_ended=ended[1])
    record(event, about=customer.pk, by=by, at=at)
    notice = notices.AccountLocked(**words(customer))
    announce(customer, notice, at=at)


def end_beyond(customer: User, since: datetime, *, by: Actor, at: datetime) -> None:
    """What themes above this one end, or put back as it was at ``since``. Part of that flow."""
    for end in ENDS:
        end(customer.pk, since, by=by, at=at)


def words(customer: User) -> dict[str, str]:
    """What a message about a lock says of the way back."""
    return {"way": customer.way_back, "password_link": links.absolute("account_reset_password")}


def restored(customer: User, *, by: Actor, at: datetime) -> None:
    """Access was restored by mail just now: unlock if that is enough, else say what is missing. Part of that flow."""
    lock = facts.lock_of(customer)
    if lock is None:
        return
    decided = decisions.decide(policy.may_unlock_by_mail, lock, about=customer.pk, by=by, at=at)
    if isinstance(decided.answer, Allow):
        _open(customer, by=by, at=at)
        return
    notice = notices.StillLocked(by_factor=policy.is_ajar(lock))
    tell(customer, notice, to=addresses.proven(customer), at=at)


def reopen(customer: User, methods: Iterable[Method], *, by: Actor, at: datetime) -> None:
    """A sign-in that was allowed unlocks, if it still may, with what it proved. Raises Refused. Part of that flow."""
    door = facts.at_the_door(customer, methods)
    require(sign_in_policy.on_sign_in, door, about=customer.pk, by=by, at=at)
    _open(customer, by=by, at=at)


@flow
def unlock(customer: User, *, by: Actor, at: datetime) -> None:
    """A recovery has proven more than the lock asks for. Called by recovery, which has decided and tells why."""
    customer = User.objects.locked(customer.pk)
    _open(customer, by=by, at=at)


def _open(customer: User, *, by: Actor, at: datetime) -> None:
    customer.reopen()
    record(events.AccountUnlocked(), about=customer.pk, by=by, at=at)
    notice = notices.AccountUnlocked(links.absolute("accounts:lock"), links.absolute("accounts:security"))
    announce(customer, notice, at=at)
