"""Who acts with a token: its ``act`` (RFC 8693 section 4.1, OAuth actor profile), the present one outside.

A person stands in the row without a name, and gets the one by which whoever reads it knows them.
"""

from typing import Any
from uuid import UUID

from django.conf import settings

from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.subjects import subject

# Kinds of entity (OAuth actor and entity profiles): who it is, whatever they say of themselves.
SERVICE, USER, AGENT = "service", "user", "ai_agent"
Act = dict[str, Any]


def person() -> Act:
    """Somebody acts for the customer whose token it is."""
    return {"iss": settings.PUBLIC_URL, "sub_profile": USER}


def program(agent: Partner) -> Act:
    """An agent acts for the customer whose token it is."""
    return {"iss": settings.PUBLIC_URL, "sub": agent.client_id, "sub_profile": AGENT}


def client(partner: Partner) -> dict[str, str]:
    """To whom a token was issued, and, if that is an agent, that the customer is none."""
    kinds = {"client_profile": AGENT, "sub_profile": USER} if partner.kind is Kind.AGENT else {}
    return {"client_id": partner.client_id} | kinds


def service(partner: Partner, before: Act | None) -> Act:
    """A partner acts that was sent the token; what stood there ``before`` is left as it is."""
    now = {"iss": settings.PUBLIC_URL, "sub": partner.client_id, "sub_profile": SERVICE}
    return now | ({"act": before} if before else {})


def depth(act: Act | None) -> int:
    """How many have acted, one after another."""
    return 1 + depth(act.get("act")) if act else 0


def shown(act: Act | None, to: Partner, delegate: UUID | None) -> dict[str, Act]:
    """The claim as ``to`` reads it; nothing, if the customer's own app acts. ``delegate``: who the person in it is."""
    return {"act": _named(act, to, delegate)} if act else {}


def _named(act: Act, to: Partner, delegate: UUID | None) -> Act:
    name = {"sub": subject(to, delegate)} if "sub" not in act and delegate is not None else {}
    before = {"act": _named(act["act"], to, delegate)} if "act" in act else {}
    return act | name | before
