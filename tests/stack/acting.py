"""Kettle, the demo's agent: the shop that it acts at, what it is registered with, and what it did for one customer."""

import os
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.flow import flow
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth import partners
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.resources import registry
from consent.agents import flows as agents
from consent.delegation import flows as delegating
from consent.delegation.shapes import Act, Terms
from consent.models import Delegation
from consent.permission import flows as connections
from consent.records import facts as records
from tests.mcp_demo import wire
from tests.stack.signing_in import session

PAY = "partner.payment"
_CONNECTED, _PAID = 20, {14: 1_890, 6: 2_450}  # days ago; and so many cents
_LET = Terms(
    actions=(PAY,), scopes=("profile",), asks=(PAY,), currency="EUR", amount_each=10_000, amount_month=20_000,
    times_day=3,
)  # fmt: skip


def load(customer: User) -> None:
    """Whatever of it is missing. Its customer is the one who answers for it, too."""
    shop = Partner.objects.filter(client_id=os.environ.get("DEMO_CLIENT_ID")).first()
    client_id, key = os.environ.get("DEMO_AGENT_ID"), os.environ.get("DEMO_AGENT_KEY")
    if shop is None or not client_id or not key:
        return
    by, at, api = Actor.system(), clock.now(), os.environ["DEMO_SHOP_URL"]
    if not Resource.objects.filter(url=api).exists():
        wanted = registry.Registration(api, "Tea House for agents", shop, scopes=("profile",), for_unregistered=True)
        registry.register(wanted, by=by, at=at)
    agent = Partner.objects.filter(client_id=client_id).first() or _register(client_id, key, customer, at)
    if api not in agent.resources_allowed:
        registry.let_reach(agent, (api,), by=by, at=at)
        agent.redirect_uris = f"{os.environ['DEMO_AGENT_URL']}/callback"
        agent.save(update_fields=["redirect_uris"])
    if not Delegation.objects.filter(owner=customer, agent=agent).exists():
        _connect(customer, agent, api, at)


def _register(client_id: str, key: str, owner: User, at: datetime) -> Partner:
    url = os.environ["DEMO_AGENT_URL"]
    wanted = partners.Registration(
        name="Kettle",
        owner=owner.pk,
        profile=Profile.AGENT,
        maker="Tea Robots Ltd",
        purpose="Orders tea for you, and asks you before it pays.",
        homepage_url=url,
        redirect_uris=(f"{url}/callback",),
        scopes=("profile",),
        actions=(PAY,),
        jwks=wire.public(key),
    )
    agent, _secret = partners.register(wanted, by=Actor.system(), at=at)
    agent.client_id = client_id
    agent.save(update_fields=["client_id"])
    return agent


def _connect(customer: User, agent: Partner, api: str, now: datetime) -> None:
    at, scopes = now - timedelta(days=_CONNECTED), ("profile",)
    here = session(customer, at, Method.PASSWORD, Method.TOTP)
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB, here.pk)
    answered = connections.Answered(scopes, scopes, records.texts(records.spoken(scopes, at)), (api,))
    granted = agents.Granted(_LET, now + timedelta(days=70), (api, f"{settings.PUBLIC_URL}/api/profile"))
    agents.connect(here, agent, answered, granted, by=by, at=at)
    sessions.end(here, by=by, at=at)
    row = Delegation.objects.get(owner=customer, agent=agent)
    for days, cents in _PAID.items():
        _paid(row, cents, by=Actor(ActorKind.PARTNER, agent.pk, Channel.API), at=now - timedelta(days=days))


@flow
def _paid(row: Delegation, cents: int, *, by: Actor, at: datetime) -> None:
    """One payment of which its customer approved each time."""
    act = Act(PAY, resource=row.resources[0], amount=cents, currency="EUR", approved=True)
    delegating.count(row.pk, act, decision=None, by=by, at=at)
