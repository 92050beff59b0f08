"""A customer asks for a copy of their data and takes it away; a worker makes it in between.

It goes to its owner and to nobody else, for no purpose of ours: so no line of the use ledger. That it was asked for,
made and taken away stands in the audit.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.customer import addresses
from accounts.lock.flows import locks
from accounts.lock.flows.everywhere import announce
from accounts.models import Session, User
from accounts.step_up.flows import permitted
from ciam_portal.core import held, links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from consent.export import events, notices, policy
from consent.export.models import MOST_TRIES
from consent.export.policy import State
from consent.models import Export

_A_DAY = timedelta(hours=24)
_PAGE = "consent:export"


@flow
def ask(customer: User, session: Session, *, by: Actor, at: datetime) -> Export:
    """One copy, please. While one is being made it is that one; one that is ready gives way to the new one.

    Raises ProveMore, OnHold or Refused.
    """
    customer, _session = permitted(Action.EXPORT_DATA, customer, session, by=by, at=at)
    theirs = Export.objects.of(customer.pk)
    made = theirs.filter(state=State.MAKING).first()
    if made is not None:
        record(events.ExportAsked(export=made.pk, again=True), about=customer.pk, by=by, at=at)
        return made
    asking = policy.Asking(by.is_self(customer.pk), theirs.filter(asked_at__gt=at - _A_DAY).count())
    decision = require(policy.may_ask, asking, about=customer.pk, by=by, at=at)
    for former in theirs.filter(state=State.READY):
        former.drop(State.REPLACED)
    days = limits.current().rights.export_days
    made = Export.objects.create(customer=customer, asked_at=at, expires_at=at + timedelta(days=days))
    record(events.ExportAsked(export=made.pk, again=False), about=customer.pk, by=by, at=at, decision=decision)
    words = {"password_link": links.absolute("account_reset_password"), "link": links.absolute(_PAGE)}
    announce(customer, notices.ExportAsked(**words), at=at)
    return made


@flow
def take(export: Export, session: Session, *, by: Actor, at: datetime) -> Export:
    """The owner, in this very session, takes the copy away. Raises ProveMore, OnHold or Refused."""
    customer, _session = permitted(Action.EXPORT_DATA, export.customer, session, by=by, at=at)
    export = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
    taking = policy.Taking(
        is_owner=export.customer_id == customer.pk and by.is_self(customer.pk),
        state=State(export.state),
        expires_at=export.expires_at,
    )
    decision = require(policy.may_take, taking, about=customer.pk, by=by, at=at)
    export.taken(at)
    record(events.ExportTaken(export=export.pk), about=customer.pk, by=by, at=at, decision=decision)
    return export


def begin(key: UUID, at: datetime) -> Export | None:
    """A worker takes a copy on that nobody else is making; None if there is nothing to do."""
    with transaction.atomic():
        rows = Export.objects.waiting(at).select_for_update(skip_locked=True, of=("self",)).select_related("customer")
        export = rows.filter(pk=key).first()
        if export is None:
            return None
        if export.attempts >= MOST_TRIES:
            fail(export, by=Actor.system(), at=at)
            return None
        export.claim(len(held.shown()), at)
        return export


@flow
def finish(export: Export, rows: int, size: int, *, by: Actor, at: datetime) -> None:
    """It is made: offered from now on, and its owner hears of it. Raises Refused: another worker has it by now."""
    mine = Export.objects.select_for_update(of=("self",)).filter(pk=export.pk, state=State.MAKING)
    found = mine.filter(attempts=export.attempts).select_related("customer").first()
    if found is None:
        raise Refused(policy.Reason.EXPORT_OVER)
    found.finish(size, limits.current().rights.export_days, at)
    event = events.ExportMade(export=export.pk, tables=export.tables, rows=rows, size=size)
    record(event, about=found.customer_id, by=by, at=at)
    customer = found.customer
    notice = notices.ExportReady(until=customer.local(found.expires_at), link=links.absolute(_PAGE))
    tell(customer, notice, to=addresses.proven(customer), at=at)


@flow
def fail(export: Export, *, by: Actor, at: datetime) -> None:
    """It could not be made, however often it was tried. Its owner may ask for another one."""
    export.drop(State.FAILED)
    record(events.ExportFailed(export=export.pk, attempts=export.attempts), about=export.customer_id, by=by, at=at)
    customer = export.customer
    tell(customer, notices.ExportFailed(link=links.absolute(_PAGE)), to=addresses.proven(customer), at=at)


@locks.ENDS.join
def drop_since(customer: UUID, since: datetime, *, by: Actor, at: datetime) -> int:
    """Drop what was asked for from an instant on: part of an undo. How many."""
    theirs = Export.objects.of(customer).filter(asked_at__gte=since, state__in=[State.MAKING, State.READY])
    found = list(theirs.select_for_update(of=("self",)))
    for export in found:
        export.drop(State.REPLACED)
        record(events.ExportDropped(export=export.pk), about=customer, by=by, at=at)
    return len(found)
