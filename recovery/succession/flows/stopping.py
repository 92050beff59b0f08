"""The customer is there after all: by a link of ours, by signing in, or by naming nobody any more. It works at once."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from accounts.customer import proofs
from accounts.models import User
from accounts.sign_in.events import SignedIn
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.record import HEARD
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.themes import Joined
from recovery.models import Succession
from recovery.succession import events, policy
from recovery.succession.flows import news
from recovery.succession.proofs import STOP_SUCCESSION
from recovery.succession.shapes import State, Via

OVER = Joined[Callable[..., None]]()
"""What ends when the customer is there after all: ``(case, *, by, at)``, in that flow."""


@flow
def stop_by_link(secret: str, *, by: Actor, at: datetime) -> Succession:
    """Whoever holds a link from one of our messages stops it. Raises Refused."""
    found = proofs.use(secret, STOP_SUCCESSION, by=by, at=at).about
    stopped = stop_all(found.customer_id, Via.LINK, by=by.known_as(found.customer_id), at=at)
    if not stopped:
        raise Refused(policy.Reason.LINK_DEAD)
    return stopped[0]


@flow
def stop_here(customer: User, *, by: Actor, at: datetime) -> None:
    """The customer stops it in a session of theirs. Raises Refused if there is nothing."""
    if not by.is_self(customer.pk) or not stop_all(customer.pk, Via.SESSION, by=by, at=at):
        raise Refused(policy.Reason.LINK_DEAD)


def stop_all(customer: UUID, via: Via, *, by: Actor, at: datetime) -> list[Succession]:
    """Whatever runs for this customer, or has begun, is over. Part of a flow."""
    rows = Succession.objects.stoppable().filter(customer=customer).select_for_update(of=("self",))
    found = list(rows.select_related("customer", "successor__person").order_by("pk"))
    for row in found:
        had_begun = row.state == State.GRANTED
        row.end(State.STOPPED, at, via=via.value)
        news.note(events.Stopped, row, {"case": row.pk, "via": Code(via.value)}, by=by, at=at)
        if had_begun:
            for part in OVER:
                part(row, by=by, at=at)
        proofs.void(row.customer, STOP_SUCCESSION, at=at)
        news.step("stopped", row, at=at, stoppable=False)
    return found


@HEARD.join
def stop_if_there(event: AuditEvent, *, about: UUID, by: Actor, at: datetime) -> None:
    """Whoever signs in to their account is neither dead nor unable."""
    if isinstance(event, SignedIn):
        stop_all(about, Via.SIGN_IN, by=by, at=at)
