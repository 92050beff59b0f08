"""Noting a change of what an account rests on, with the link that takes it back. Part of the flow that makes it."""

from datetime import datetime

from accounts.customer import proofs
from accounts.lock.proofs import UNDO
from accounts.models import Change, Session, User
from ciam_portal.core.crypto import vault
from ciam_portal.core.policy.assurance import Method


def note(
    customer: User,
    kind: Change.Kind,
    session: Session | None,
    *,
    at: datetime,
    previous: bytes = b"",
    method: Method | None = None,
    key: object = "",
) -> dict[str, str]:
    """Keep it, and what its notice says: the link, and until when it works. ``customer`` as before the change.

    The link is for whoever reads the address that was proven before the change.
    """
    change = keep(customer, kind, session, at=at, previous=previous, method=method, key=key)
    link = proofs.new_link(customer, UNDO, customer.email, at, bound_to=change.pk)
    return {"undo_link": link.url, "undo_until": customer.local(link.until)}


def keep(
    customer: User,
    kind: Change.Kind,
    session: Session | None,
    *,
    at: datetime,
    previous: bytes = b"",
    method: Method | None = None,
    key: object = "",
) -> Change:
    """The same without a link of its own: it goes with a change that was noted at the same time or before."""
    change = Change(
        customer=customer,
        kind=kind,
        at=at,
        session=session.pk if session else None,
        method=method or "",
        key=str(key),
    )
    change.previous = vault.seal(previous, change.context) if previous else ""
    change.save(force_insert=True)
    return change


def unseal(change: Change) -> bytes:
    """What stood there before. Raises vault.CannotOpen."""
    return vault.unseal(change.previous, change.context) if change.previous else b""
