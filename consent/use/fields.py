"""The fields of a person that go out as claims (OpenID Connect Core section 5.1). Nothing else reads them for that."""

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from ciam_portal.core import categories
from ciam_portal.oauth import scopes
from consent.use.shapes import Released

_COLUMNS = {
    "name": "name",
    "locale": "locale",
    "zoneinfo": "timezone",
    "email": "email",
    "email_verified": "email",
    "phone_number": "phone",
    "phone_number_verified": "phone",
}


def category_of(claim: str) -> str:
    """The data category of this claim: that of the column it is read from."""
    found = categories.of_column(User._meta.get_field(_COLUMNS[claim]))  # noqa: SLF001  (Django's documented way)
    return found.code if found else ""


def of(customer: User, released: Released, allowed: Iterable[str], *, named: Iterable[str] = ()) -> dict[str, Any]:
    """What of these scopes' claims, and of those ``named``, was released; without empty ones."""
    known: dict[str, Any] = {
        "name": customer.name,
        "locale": customer.locale,
        "zoneinfo": customer.timezone,
        "email": customer.email,
        "email_verified": True,  # nobody signs in with an address that is not proven
        "phone_number": customer.phone,
        "phone_number_verified": False if customer.phone else "",
    }
    opened = scopes.claims_of(allowed) | frozenset(named)
    return {
        name: value
        for name, value in known.items()
        if name in opened and value != "" and category_of(name) in released.categories
    }
