"""The fields of a person that go out as claims (OpenID Connect Core section 5.1). Nothing else reads them for that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import Session, User
from ciam_portal.core.policy.assurance import Level
from ciam_portal.oauth import scopes, verified
from consent.use import identity
from consent.use.facts import category_of
from consent.use.shapes import Released


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


def verified_claims(
    customer: User,
    released: Released,
    allowed: Iterable[str],
    asked: Iterable[verified.Request] = (verified.PLAIN,),
    *,
    named: Iterable[str] = (),
    at: datetime,
) -> dict[str, Any]:
    """What was shown of who they are, as far as it is what was ``asked`` and was released; one element each."""
    opened = scopes.claims_of(allowed) | frozenset(named)
    if verified.CLAIM not in opened or category_of(verified.CLAIM) not in released.categories:
        return {}
    held = identity.elements(customer, at, evidence=category_of(verified.EVIDENCE) in released.categories)
    met = ((verified.met(each, one, at) for one in held) for each in asked)
    found = [element for each in met if (element := next(filter(None, each), None))]
    return {verified.CLAIM: found[0] if len(found) == 1 else found} if found else {}


def sign_in(session: Session, released: Released) -> dict[str, Any]:
    """One sign-in: when and how sure we were; where from and with what, as far as that was released."""
    shown = {"time": session.started_at.isoformat(), "acr": Level(session.level).acr}
    if "device" in released.categories:
        shown |= {"browser": session.browser, "system": session.system}
    if "location" in released.categories:
        shown |= {"country": session.country}
    return shown
