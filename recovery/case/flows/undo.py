"""What of recovery ends or comes back when a change is taken back: part of that flow."""

from datetime import datetime
from uuid import UUID

from accounts.lock.flows import locks
from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from recovery.addresses import events as address_events
from recovery.case import events, facts
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State, Verb
from recovery.contacts.flows import contacts
from recovery.models import RecoveryAddress
from recovery.news import flows as news
from recovery.news.flows import Step

UNDO = Code("undo")


@locks.ENDS.join
def stop_since(customer: UUID, since: datetime, *, by: Actor, at: datetime) -> int:
    """A recovery under way stops: it may rest on what is taken back. Addresses and contacts are as before. How many.

    A lock asks for the same from its own instant on, so that it stops a recovery and leaves those. In both
    cases the account is locked by now, and the recovery addresses hear of it.
    """
    touched = _addresses_back(customer, since, by=by, at=at)
    touched += contacts.as_before(User.objects.get(pk=customer), since, by=by, at=at)
    news.announce_lock(User.objects.get(pk=customer), at)
    live = facts.live_case(customer)
    if live is None:
        return touched
    case = news.locked(live.pk)
    if not case.is_live:
        return touched
    was = State(case.state)
    news.advance(case, Verb.CANCEL, at)
    record(events.RecoveryCancelled(case=case.pk, was=was, via=UNDO), about=customer, by=by, at=at)
    news.announce(case, Step.CANCELLED, at=at)
    return touched + 1


def _addresses_back(customer: UUID, since: datetime, *, by: Actor, at: datetime) -> int:
    mine = RecoveryAddress.objects.select_for_update(of=("self",)).select_related("customer").filter(customer=customer)
    added = list(mine.kept().filter(proven_at__gte=since))
    removed = list(mine.filter(removed_at__gte=since, proven_at__lt=since))
    for item in added:
        item.remove(at)
        record(address_events.RecoveryAddressRemoved(key=item.pk, way=Way(item.kind)), about=customer, by=by, at=at)
        news.announce_address(item.customer, item, None, added=False, at=at)
    for item in removed:
        item.put_back()
        event = address_events.RecoveryAddressAdded(key=item.pk, way=Way(item.kind), usable_from=item.usable_from)
        record(event, about=customer, by=by, at=at)
        news.announce_address(item.customer, item, None, added=True, at=at)
    return len(added) + len(removed)
