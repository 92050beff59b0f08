"""Accounts from before addresses had one form: of two that turned out to have one mailbox, one can sign in with it."""

from datetime import datetime

from accounts.account import events, notices, policy
from accounts.customer import addresses, proofs
from accounts.models import Unsettled, User
from accounts.sessions import flows as sessions
from ciam_portal.core import mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.words import day


@flow
def give_mailbox(customer: User, *, by: Actor, at: datetime) -> None:
    """The mailbox signs in to this account from now on, and not to the one that has it. Raises Refused.

    For an operator, on the word of whoever reads the mailbox. Nobody gets in by it: both accounts have the same mailbox
    and keep their own passwords and factors. Everybody is signed out of both, and the mailbox is told.
    """
    form = mailbox.named(customer.email)
    rows = User.objects.select_for_update(no_key=True).order_by("pk")
    found = {row.pk: row for row in rows.filter(pk=customer.pk) | rows.filter(email=form)}
    customer = found.pop(customer.pk)
    holder = next(iter(found.values()), None)
    asked = policy.MailboxFacts(
        waits=customer.unsettled == Unsettled.TAKEN,
        is_proven=addresses.is_proven(customer),
    )
    require(policy.may_have_mailbox, asked, about=customer.pk, by=by, at=at)
    spelling, was_proven = customer.email, holder is not None and addresses.is_proven(holder)
    if holder is not None:
        _move(holder, f"{codes.new_id().hex}@moving.invalid", proven=False)  # one after the other: both are unique
    _move(customer, form, proven=True)
    if holder is not None:
        _move(holder, spelling, proven=was_proven, unsettled=Unsettled.TAKEN)
    for each, other in ((customer, holder), (holder, customer)):
        if each is not None:
            proofs.drop(each, at)
            sessions.end_all(each, by=by, at=at, reason=sessions.CREDENTIALS_CHANGED)
            event = events.MailboxSettled(other=other.pk if other else None, has_it=each is customer)
            record(event, about=each.pk, by=by, at=at)
    tell(customer, notices.MailboxSettled(opened=day(customer.created_at)), to=[form], at=at)


def _move(account: User, address: str, *, proven: bool, unsettled: str = "") -> None:
    account.email, account.unsettled = address, unsettled
    account.save(update_fields=["email", "unsettled"])
    addresses.replace(account, address, proven=proven)
