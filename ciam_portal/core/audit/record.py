"""record(): write down that something happened, in the transaction in which it happened."""

from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from ciam_portal.core import request_id
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.models import AuditEntry

_recorded: ContextVar[int] = ContextVar("recorded", default=0)


def record(event: AuditEvent, *, about: UUID | None, by: Actor, at: datetime, decision: UUID | None = None) -> None:
    """Append one event. ``about`` is the id of the customer it concerns. Raises if the event holds anything unsafe."""
    AuditEntry.objects.create(
        at=at,
        about=about,
        actor_kind=by.kind,
        actor=by.id,
        on_behalf_of=by.on_behalf_of,
        session=by.session,
        channel=by.channel,
        request_id=by.request_id,
        name=event.name,
        source=request_id.source.get()() if event.keeps_source else "",
        decision=decision,
        data=event.data(),
    )
    _recorded.set(_recorded.get() + 1)


def count() -> int:
    """How many events this context has recorded so far; ``@flow`` compares before and after."""
    return _recorded.get()
