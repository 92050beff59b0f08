"""A customer names somebody, who answers; each of them ends it with one press."""

from datetime import datetime, timedelta

from accounts.budgets import mails
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from recovery.models import Successor
from recovery.succession import events, facts, policy
from recovery.succession.flows import news, stopping
from recovery.succession.shapes import May, Stands, Via


@flow
def name(customer: User, session: Session, address: str, may: tuple[May, ...], *, by: Actor, at: datetime) -> Successor:
    """Ask whoever reads an address. Raises ProveMore, OnHold, Refused; TooMany if that mailbox was asked often."""
    customer, session = permitted(Action.CHANGE_RECOVERY_ADDRESS, customer, session, by=by, at=at)
    require(policy.may_name, facts.naming(customer, address, may), about=customer.pk, by=by, at=at)
    asked = mails.take_new_address(customer, address)
    row = Successor.objects.create(
        customer=customer, address=address, mailbox=reader(address), may=sorted(may), stands=Stands.INVITED,
        named_at=at, expires_at=at + timedelta(days=limits.current().succession.invite_days),
    )  # fmt: skip
    record(events.Named(successor=row.pk), about=customer.pk, by=by, at=at)
    news.invite(row, asked, at=at)
    news.changed("named", row, at=at)
    return row


@flow
def accept(row: Successor, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """They will, when it is needed. Raises ProveMore, OnHold or Refused."""
    person, session = permitted(Action.ACCEPT_DELEGATION, person, session, by=by, at=at)
    row = held(row)
    require(policy.may_accept, facts.answering(row, person, by, at), about=person.pk, by=by, at=at)
    row.accept(person.pk, at)
    news.note(events.Answered, row, {"successor": row.pk, "accepted": True}, by=by, at=at)
    news.changed("accepted", row, at=at)


@flow
def decline(row: Successor, person: User, *, by: Actor, at: datetime) -> None:
    """They do not want to. Nothing is asked for. Raises Refused."""
    row = held(row)
    require(policy.may_answer, facts.answering(row, person, by, at), about=person.pk, by=by, at=at)
    row.go(at)
    news.note(events.Answered, row, {"successor": row.pk, "accepted": False}, by=by, at=at)
    news.changed("declined", row, at=at)


@flow
def remove(row: Successor, *, by: Actor, at: datetime) -> None:
    """The customer names them no more, or they do not want to any more; what runs is over. Raises Refused."""
    row = held(row)
    theirs = by.is_self(row.customer_id) or (row.person_id is not None and by.is_self(row.person_id))
    if row.stands == Stands.GONE or not theirs:
        raise Refused(policy.Reason.NOT_OPEN)
    stopping.stop_all(row.customer_id, Via.REMOVED, by=by, at=at)
    row.go(at)
    news.note(events.Removed, row, {"successor": row.pk}, by=by, at=at)
    news.changed("removed", row, at=at)


def held(row: Successor) -> Successor:
    """It as it stands, under the lock on its customer. Raises Refused if it is gone."""
    User.objects.locked(row.customer_id)
    rows = Successor.objects.select_for_update(of=("self",)).select_related("customer", "person")
    found = rows.filter(pk=row.pk).first()
    if found is None:
        raise Refused(policy.Reason.NOT_OPEN)
    return found
