"""record(): write down that something happened, in the transaction in which it happened."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from ciam_portal.core import request_id
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.models import AuditEntry, Tally
from ciam_portal.core.crypto import codes
from ciam_portal.core.postgres import prepared
from ciam_portal.core.themes import Joined

HEARD = Joined[Callable[..., None]]()
"""Who else hears, in the same transaction, of what is recorded about a customer: ``(event, *, about, by, at)``."""
_recorded: ContextVar[int] = ContextVar("recorded", default=0)


def record(
    event: AuditEvent,
    *,
    about: UUID | None,
    by: Actor,
    at: datetime,
    decision: UUID | None = None,
    key: UUID | None = None,
) -> None:
    """Append one event. ``about`` is the id of the customer it concerns. Raises if the event holds anything unsafe."""
    _entry(event, about, by, at, id=key or codes.new_id(), decision=decision).save()
    _heard(event, about, by, at)


def record_many(events: Iterable[tuple[UUID, AuditEvent]], *, by: Actor, at: datetime) -> None:
    """The same of many customers, each with their event, in one statement."""
    told = list(events)
    AuditEntry.objects.bulk_create(_entry(event, about, by, at, id=codes.new_id()).sealed() for about, event in told)
    for about, event in told:
        _heard(event, about, by, at)


def _entry(event: AuditEvent, about: UUID | None, by: Actor, at: datetime, **more: Any) -> AuditEntry:  # noqa: ANN401
    return AuditEntry(
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
        data=event.data(),
        **more,
    )


def _heard(event: AuditEvent, about: UUID | None, by: Actor, at: datetime) -> None:
    _recorded.set(_recorded.get() + 1)
    if about is not None:
        for hear in HEARD:
            hear(event, about=about, by=by, at=at)


def tally(event: type[AuditEvent], *alike: object, about: UUID | None, by: Actor, at: datetime) -> UUID | None:
    """Something ordinary, in all that matters (``alike``) as others: the first in a day (UTC) is kept whole.

    The id under which to ``record`` it, if it is the first; None: it was added to the number of those like it.
    """
    key = codes.new_id()
    if Tally.objects.add(key, at, _likeness(event, alike, about, by)) == key:
        return key
    counted()
    return None


def tallied(event: type[AuditEvent], *alike: object, about: UUID | None, by: Actor, at: datetime) -> prepared.Part:
    """The same for what is one statement (``prepared.insert``): it counts it there, if it is not the first.

    A flow says ``counted`` if it was.
    """
    return Tally.objects.again(at, _likeness(event, alike, about, by))


def counted() -> None:
    """What happened has been added to the number of those like it."""
    _recorded.set(_recorded.get() + 1)


def _likeness(event: type[AuditEvent], alike: tuple[object, ...], about: UUID | None, by: Actor) -> str:
    return codes.hidden("alike", " ".join(map(str, (event.name, about, by.kind, by.id, by.channel, *alike))))


def count() -> int:
    """How many events this context has recorded so far; ``@flow`` compares before and after."""
    return _recorded.get()
