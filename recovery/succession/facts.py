"""What the questions about successors ask, read from the rows."""

from datetime import datetime, timedelta
from uuid import UUID

from accounts.customer import addresses
from accounts.factors import bound
from accounts.models import User
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.mailbox import reader
from ciam_portal.core.policy import limits
from recovery.case.facts import proven_elsewhere_at
from recovery.models import Succession, Successor
from recovery.succession import policy
from recovery.succession.shapes import Kind, Seen, Stands, State


def of(customer: UUID) -> Successor | None:
    """Whom this customer has named."""
    return Successor.objects.there().filter(customer=customer).select_related("person", "customer").first()


def naming(customer: User, address: str, may: tuple[str, ...]) -> policy.Naming:
    """Somebody whom they would name."""
    return policy.Naming(
        is_own=reader(address) in addresses.mailboxes(customer), is_there=of(customer.pk) is not None, things=len(may)
    )


def mailboxes(person: User) -> frozenset[str]:
    """By which somebody is the one who was named: addresses that they have proven."""
    return frozenset(reader(address) for address in addresses.proven(person))


def answering(row: Successor, person: User, by: Actor, at: datetime) -> policy.Answering:
    """Somebody who was named, answering or opening a case."""
    is_them = row.person_id == person.pk if row.person_id else row.mailbox in mailboxes(person)
    rest = timedelta(days=limits.current().succession.rest_days)
    return policy.Answering(
        stands=Stands(row.stands),
        is_theirs=by.is_self(person.pk) and is_them and row.customer_id != person.pk,
        person_open=person.is_open_at(at),
        has_second_step=bool(bound.second_factors(person)),
        expires_at=row.expires_at,
        usable_from=row.accepted_at + rest if row.accepted_at else None,
        runs=Succession.objects.stoppable().filter(customer=row.customer_id).exists(),
    )


def case(row: Succession) -> policy.Case:
    """A case and its customer, as they stand."""
    notes = list(row.notes.values_list("seen", "by"))
    successor = row.successor
    return policy.Case(
        state=State(row.state),
        kind=Kind(row.kind),
        opened_at=row.opened_at,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approved_at=row.approved_at,
        ready_at=row.ready_at,
        told_at=row.told_at,
        there_at=proven_elsewhere_at(row.customer, strong=False),
        seen=tuple(sorted(Seen(seen) for seen, _by in notes)),
        noted_by=tuple(sorted({by for _seen, by in notes})),
        successor_stands=successor.stands == Stands.ACCEPTED
        and successor.person is not None
        and successor.person.is_active
        and row.customer.is_active,
    )
