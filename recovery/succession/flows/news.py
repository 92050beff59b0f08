"""Everybody who can be reached for the customer hears of every step, and how to stop it; the successor hears too."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from accounts.customer import addresses, proofs
from accounts.lock.flows.everywhere import announce
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from recovery.models import Succession, Successor
from recovery.succession import notices
from recovery.succession.proofs import STOP_SUCCESSION


def note(
    event: Callable[..., AuditEvent],
    row: Succession | Successor,
    said: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """A row for the customer, and one for the successor."""
    person = row.person_id if isinstance(row, Successor) else row.successor.person_id
    record(event(**said, as_customer=True, other=person), about=row.customer_id, by=by, at=at)
    if person is not None:
        record(event(**said, as_customer=False, other=row.customer_id), about=person, by=by, at=at)


def changed(what: str, row: Successor, *, at: datetime) -> None:
    """The customer, everywhere: whom they have named, and what became of it."""
    notice = notices.SuccessorChanged(
        what=what,
        person=row.shown,
        link=links.absolute("recovery:successor"),
        password_link=links.absolute("account_reset_password"),
    )
    announce(row.customer, notice, at=at)


def invite(row: Successor, asked: Asked, *, at: datetime) -> None:
    """The address that was named."""
    link = links.absolute("recovery:successor_invitation", str(row.pk))
    notice = notices.Invitation(who=row.customer.called, until=row.customer.local(row.expires_at), link=link)
    tell(row.customer, notice, to=[row.address], at=at, asked=asked)


def step(what: str, row: Succession, *, at: datetime, until: datetime | None = None, stoppable: bool = True) -> None:
    """Every address and number of the customer, each with a link of its own that stops it; and the successor."""
    customer, person = row.customer, row.successor.person
    for medium, address in addresses.every(customer):
        link = proofs.new_link(customer, STOP_SUCCESSION, address, at, bound_to=row.pk).url if stoppable else ""
        notice = notices.SuccessionNews(
            step=what,
            person=row.successor.shown,
            until=customer.local(until) if until else "",
            link=link,
            password_link=links.absolute("account_reset_password"),
        )
        tell(customer, notice, to=[address], channel=medium, at=at)
    if person is not None and what != "again":
        mine = notices.ForSuccessor(
            step=what,
            who=customer.called,
            until=person.local(until) if until else "",
            link=links.absolute("recovery:successor"),
        )
        tell(person, mine, to=addresses.proven(person), at=at)
