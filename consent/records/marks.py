"""Which texts a form showed: sealed, for the person who read them, so that no other is recorded than they read."""

import json
from collections.abc import Mapping
from uuid import UUID

from accounts.models import User
from ciam_portal.core.crypto import vault

_LONGEST = 8192


def shown(texts: Mapping[str, str], customer: User) -> str:
    """The ids of these versions, by purpose, for a hidden field."""
    return vault.seal(json.dumps(dict(texts)).encode(), _context(customer))


def read(field: str, customer: User) -> dict[str, str]:
    """What was shown; nothing, if the field is not one of ours for this person."""
    try:
        found: dict[str, str] = json.loads(vault.unseal(field[:_LONGEST], _context(customer)))
    except vault.CannotOpen:
        return {}
    return found


def version(field: str, key: str, customer: User) -> UUID | None:
    """The version of this purpose that was shown, if one was."""
    found = read(field, customer).get(key)
    return UUID(found) if found else None


def _context(customer: User) -> str:
    return f"texts shown to {customer.pk}"
