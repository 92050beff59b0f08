"""What happened to a delegation is recorded for each of its sides, and each is told. Parts of flows."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.customer import addresses
from accounts.models import User
from ciam_portal.core import links
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.mailbox import spelled_out
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.outbox.tell import tell
from consent.delegation import notices
from consent.models import Delegation, DelegationRequest


def note(
    event: Callable[..., AuditEvent],
    row: Delegation,
    more: Mapping[str, object] | None = None,
    *,
    by: Actor,
    at: datetime,
    decision: UUID | None = None,
) -> None:
    """A row for the owner and one for the delegate; each reads who the other one is. ``more``: the event's fields."""
    said: dict[str, Any] = {"delegation": row.pk, "partner": row.agent_id, **(more or {})}
    mine = event(**said, other=row.delegate_id, as_owner=True)
    record(mine, about=row.owner_id, by=by, at=at, decision=decision)
    if row.delegate_id is not None:
        theirs = event(**said, other=row.owner_id, as_owner=False)
        record(theirs, about=row.delegate_id, by=by, at=at, decision=decision)


def tell_both(what: str, row: Delegation, *, at: datetime) -> None:
    """What became of it, by mail. An agent reads nothing."""
    tell_owner(what, row, at=at)
    if row.delegate is not None:
        notice = notices.ForDelegate(
            what=what,
            who=row.owner.called,
            when=row.delegate.local(at),
            until=row.delegate.local(row.ends_at),
            link=links.absolute("consent:acts_for"),
        )
        tell(row.delegate, notice, to=addresses.proven(row.delegate), at=at)


def tell_owner(what: str, row: Delegation, *, at: datetime) -> None:
    """The same, to the owner alone."""
    notice = notices.ForOwner(
        what=what,
        who=named(row),
        until=row.owner.local(row.ends_at),
        link=links.absolute("consent:delegations"),
        password_link=links.absolute("account_reset_password"),
    )
    tell(row.owner, notice, to=addresses.proven(row.owner), at=at)


def tell_asker(what: str, request: DelegationRequest, *, at: datetime) -> None:
    """To whoever asked: what became of it."""
    asker = request.asker
    notice = notices.ForDelegate(
        what=what, who=request.shown, when=asker.local(at), until="", link=links.absolute("consent:acts_for")
    )
    tell(asker, notice, to=addresses.proven(asker), at=at)


def invite(row: Delegation, until: datetime, counted: Asked, *, at: datetime) -> None:
    """To the invited address. Whoever has an account with it reads it in their language; it never says that they do."""
    link = links.absolute("consent:invitation", str(row.pk))
    notice = notices.Invitation(who=spelled_out(row.owner.email), until=row.owner.local(until), link=link)
    tell(row.owner, notice, to=[row.invited], at=at, asked=counted)


def ask(request: DelegationRequest, asked: User | None, until: datetime, counted: Asked, *, at: datetime) -> None:
    """To the address that somebody asks; the same."""
    reader = asked or request.asker
    link = links.absolute("consent:request", str(request.pk))
    notice = notices.Wanted(who=spelled_out(request.asker.email), until=reader.local(until), link=link)
    tell(reader, notice, to=[request.invited], at=at, asked=counted)


def named(row: Delegation) -> str:
    """Who acts, for the owner: an agent by its name, a person by the address that they have now, or were invited by."""
    if row.agent is not None:
        return str(row.agent.name)
    return row.delegate.called if row.delegate is not None else row.shown
