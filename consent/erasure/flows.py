"""A customer deletes their account: asked for, kept after all, begun when it is due, and carried out bit by bit.

Once it is asked for everybody is signed out and no app gets anything (``User.stands``); signing in leads to the page on
which the account can be kept. What is erased, and what stays, each model says (``ciam_portal.core.erasing``). Carrying
it out can be stopped anywhere and gone on with: what is left to do is what is left in the tables.
"""

import time
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.activity.events import NotMe
from accounts.customer import proofs
from accounts.lock.flows import locks
from accounts.lock.flows.everywhere import announce
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from accounts.step_up.flows import permitted
from ciam_portal.core import erasing, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import HEARD, record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from consent.delegation import flows as delegation
from consent.erasure import events, facts, notices, policy
from consent.erasure.models import Deletion
from consent.erasure.proofs import KEEP
from consent.family.flows import locking as families

LEAVING, ERASED = "leaving", "erased"


@flow
def ask(customer: User, session: Session, *, by: Actor, at: datetime) -> Deletion:
    """The owner deletes the account: nothing works from now on, and it is erased later, unless they keep it.

    Raises ProveMore, OnHold or Refused.
    """
    customer, session = permitted(Action.DELETE_ACCOUNT, customer, session, by=by, at=at)
    families.children_of(customer.pk)
    require(policy.may_ask, facts.for_asking(customer), about=customer.pk, by=by, at=at)
    return leave(customer, session.pk, by=by, at=at)


def leave(customer: User, session: UUID, *, by: Actor, at: datetime) -> Deletion:
    """The same of an account that others look after too. Part of a flow, which has asked and holds it."""
    due = policy.due_at(at, limits.current())
    deletion = Deletion.objects.create(customer=customer.pk, session=session, asked_at=at, due_at=due)
    customer.leaves(due)
    ended = sessions.end_all(customer, by=by, at=at, reason=LEAVING)
    event = events.DeletionAsked(deletion=deletion.pk, due_at=due, sessions_ended=ended[0], tokens_ended=ended[1])
    record(event, about=customer.pk, by=by, at=at)
    announce(customer, notices.DeletionAsked(**_words(customer, deletion, at)), at=at)
    return deletion


def _words(customer: User, deletion: Deletion, at: datetime) -> dict[str, str]:
    link = proofs.new_link(customer, KEEP, customer.email, at, bound_to=deletion.pk)
    return {"until": customer.local(deletion.due_at), "keep_link": link.url}


@flow
def remind(deletion: Deletion, *, by: Actor, at: datetime) -> None:
    """A few days before, they are told again. Raises Refused if it does not wait any more."""
    customer, deletion = _locked(deletion.customer)
    if deletion.reminded_at is not None:
        raise Refused(policy.Reason.NOT_WAITING)
    deletion.told_again(at)
    record(events.DeletionReminded(deletion=deletion.pk), about=customer.pk, by=by, at=at)
    announce(customer, notices.DeletionSoon(**_words(customer, deletion, at)), at=at)


@flow
def keep(customer: User, *, by: Actor, at: datetime) -> None:
    """The owner, signed in, keeps the account. Nothing is asked for: nothing is opened by it. Raises Refused."""
    customer = User.objects.locked(customer.pk)
    deletion = Deletion.objects.select_for_update().of(customer.pk)
    require(policy.may_keep, policy.KeepFacts(waits=deletion is not None), about=customer.pk, by=by, at=at)
    if deletion is not None:
        _keep(customer, deletion, by=by, at=at)


@flow
def keep_by_link(secret: str, *, by: Actor, at: datetime) -> User:
    """Whoever reads a message about it keeps the account; that signs nobody in. Raises Refused."""
    link = proofs.use(secret, KEEP, by=by, at=at)
    _keep(link.customer, link.about, by=by.known_as(link.customer.pk), at=at)
    return link.customer


@flow
def lock_by_link(secret: str, *, by: Actor, at: datetime) -> User:
    """It was somebody else who deleted it: the account is kept, and locked. Raises Refused."""
    link = proofs.use(secret, KEEP, by=by, at=at)
    locks.lock(link.customer, by=by.known_as(link.customer.pk), at=at)
    return link.customer


def _keep(customer: User, deletion: Deletion, *, by: Actor, at: datetime) -> None:
    deletion.keep(at)
    customer.leaves(None)
    proofs.void(customer, KEEP, at=at)
    record(events.DeletionKept(deletion=deletion.pk), about=customer.pk, by=by, at=at)
    doors = {"delete": links.absolute("consent:delete"), "password": links.absolute("account_reset_password")}
    announce(customer, notices.DeletionKept(delete_link=doors["delete"], password_link=doors["password"]), at=at)


@locks.ENDS.join
def keep_since(customer: UUID, _since: datetime, *, by: Actor, at: datetime) -> int:
    """Whoever locks an account or takes a change back wants it. How many deletions are off by it."""
    deletion = Deletion.objects.select_for_update().of(customer)
    if deletion is None:
        return 0
    _keep(User.objects.locked(customer), deletion, by=by, at=at)
    return 1


@HEARD.join
def keep_if_disowned(event: AuditEvent, *, about: UUID, by: Actor, at: datetime) -> None:
    """A session is said to have been somebody else's: what was deleted in it is kept."""
    if isinstance(event, NotMe):
        deletion = Deletion.objects.select_for_update().of(about)
        if deletion is not None and deletion.session == event.session:
            _keep(User.objects.locked(about), deletion, by=by, at=at)


def is_due(deletion: Deletion, at: datetime) -> bool:
    """Whether it would begin now: a look, so that what waits for long leaves no refusal each minute."""
    customer = User.objects.filter(pk=deletion.customer).first()
    if customer is None:
        return False
    answer = policy.may_begin(facts.for_beginning(customer, deletion, at), limits=limits.current(), at=at)
    return isinstance(answer, Allow)


@flow
def begin(deletion: Deletion, *, by: Actor, at: datetime) -> None:
    """No way back: nobody comes in any more, and partners hear that the account is gone while we know whose it was.

    Raises OnHold or Refused.
    """
    customer, deletion = _locked(deletion.customer)
    require(policy.may_begin, facts.for_beginning(customer, deletion, at), about=customer.pk, by=by, at=at)
    _close(customer, deletion, by=by, at=at)


@flow
def begin_again(customer: User, *, by: Actor, at: datetime) -> Deletion:
    """A restored backup brought back somebody who was erased since: it is as if it had begun."""
    customer = User.objects.locked(customer.pk)
    deletion = Deletion.objects.begun().filter(customer=customer.pk).first() or Deletion.objects.of(customer.pk)
    if deletion is None:
        deletion = Deletion.objects.create(customer=customer.pk, asked_at=at, due_at=at)
    _close(customer, deletion, by=by, at=at)
    return deletion


def _close(customer: User, deletion: Deletion, *, by: Actor, at: datetime) -> None:
    customer.close()
    deletion.begin(at)
    delegation.leave(customer.pk, by=by, at=at)
    ended = sessions.end_all(customer, by=by, at=at, reason=ERASED)
    event = events.ErasureBegan(deletion=deletion.pk, sessions_ended=ended[0], tokens_ended=ended[1])
    record(event, about=customer.pk, by=by, at=at)


def _locked(customer: UUID) -> tuple[User, Deletion]:
    """The account and its deletion, if that waits. Raises Refused."""
    owner = User.objects.select_for_update(no_key=True).filter(pk=customer).first()
    deletion = Deletion.objects.select_for_update().of(customer)
    if owner is None or deletion is None:
        raise Refused(policy.Reason.NOT_WAITING)
    return owner, deletion


def go_on(deletion: Deletion, *, by: Actor, at: datetime, seconds: float) -> bool:
    """Erase what is left, batch by batch, until nothing is or the time is up. Whether it is done."""
    end = time.monotonic() + seconds
    while not (is_done := _some(deletion.pk, by=by, at=at)) and time.monotonic() < end:
        pass
    return is_done


@transaction.atomic
def _some(key: UUID, *, by: Actor, at: datetime) -> bool:
    """One batch, or the end; one worker at a time."""
    deletion = Deletion.objects.begun().select_for_update().filter(pk=key).first()
    if deletion is None:
        return True
    if gone := erasing.some(User, deletion.customer):
        deletion.went(gone)
        return False
    customer = User.objects.select_for_update().filter(pk=deletion.customer).first()
    if customer is not None:
        tell(customer, notices.AccountErased(), to=[] if customer.is_nobodys else [customer.email], at=at)
        customer.delete()
    deletion.done(at)
    record(events.AccountErased(deletion=deletion.pk, rows=deletion.rows), about=deletion.customer, by=by, at=at)
    return True
