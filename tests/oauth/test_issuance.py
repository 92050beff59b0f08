"""The one issuance gate: every way to a token, and every use of one, against every state of what it rests on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.decision import Risk
from ciam_portal.oauth import exchange, views
from ciam_portal.oauth.ciba import GRANT as CIBA
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from consent.permission import flows
from tests.oauth.asking import approved, connect, fetch
from tests.oauth.connecting import Agent
from tests.oauth.test_device import GRANT, Television
from tests.oauth.walk import Walk, answer, register, serve

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile offline_access"


class World:
    """A customer at a partner with one of everything; a partner that acts for itself; who runs an API."""

    def __init__(self, browser: Client) -> None:
        self.walk, self.job = Walk(*register(), browser), Walk(*register("Job", profile=Profile.SERVICE))
        gateway = register("Gateway", profile=Profile.SERVICE, scopes=("openid", "profile"), may_exchange=True)
        self.gateway = Walk(*gateway)
        self.there = self.walk.tokens("openid profile", resource=serve(self.gateway, self.walk))["access_token"]
        self.onward = serve(self.gateway, self.gateway, url="https://onward.example/")
        self.away = self.walk.tokens(OFFLINE)["refresh_token"]
        self.seen = self.walk.tokens(OFFLINE)["refresh_token"]
        self.token = self.walk.tokens("openid profile")["access_token"]
        self.code = self.walk.code("openid profile")
        self.agent, api = Agent(browser, scopes=("profile",)), f"{settings.PUBLIC_URL}/api/profile"
        connect(self.agent.partner, me(), api)
        self.asked = approved(self.agent, me())
        self.device = Television(browser)
        self.shown = self.device.allowed(scope="openid profile")


def begins(world: World) -> bool:
    response = world.walk.ask("openid profile", prompt="none")
    return response.status_code == 303 and "code" in answer(response)


def told(walk: Walk, token: str) -> bool:
    response = walk.post("/oauth/introspect/", {"token": token})
    return response.status_code == 200 and bool(response.json()["active"])


def swapped(world: World) -> bool:
    form = {"subject_token": world.there, "subject_token_type": exchange.ACCESS_TOKEN, "resource": world.onward}
    return bool(world.gateway.post("/oauth/token/", {"grant_type": exchange.GRANT} | form).status_code == 200)


# Each way to a token, and each use of one: what comes of it now. Grants by their names: a new one has a row here.
DOORS: dict[str, Callable[[World], bool]] = {
    "authorization": begins,
    "authorization_code": lambda w: w.walk.redeem(w.code).status_code == 200,
    "refresh_token": lambda w: w.walk.refresh(w.away).status_code == 200,
    GRANT: lambda w: w.device.poll(w.shown).status_code == 200,
    CIBA: lambda w: fetch(w.agent, w.asked).status_code == 200,
    "client_credentials": lambda w: (
        w.job.post("/oauth/token/", {"grant_type": "client_credentials"}).status_code == 200
    ),
    exchange.GRANT: swapped,
    "introspection": lambda w: w.gateway.introspect(w.there)["active"],
    "introspection of a refresh token": lambda w: told(w.walk, w.seen),
    "userinfo": lambda w: w.walk.userinfo(w.token).status_code == 200,
    "profile": lambda w: w.walk.get("/api/profile", w.token).status_code == 200,
}
AWAY = {"refresh_token", "introspection of a refresh token"}  # what a customer lets an app do in their absence
ITSELF = {"client_credentials"}  # speaks of no customer
ACTS = {CIBA}  # acts until its grant ends, wherever its customer is


def end(reason: str) -> Callable[[Actor], object]:
    def run(by: Actor) -> None:
        sessions.end(Session.objects.get(), by=by, at=clock.now(), reason=reason)

    return run


def customer(**columns: Any) -> Callable[[Actor], object]:
    return lambda by: User.objects.update(**columns)


def partners(**columns: Any) -> Callable[[Actor], object]:
    return lambda by: Partner.objects.exclude(name="Gateway").update(**columns)


def me() -> User:
    return User.objects.exclude(email="owner@shop.example").get()


def soon() -> Any:
    return clock.now() + timedelta(days=1)


def ago() -> Any:
    return clock.now() - timedelta(seconds=1)


# What happened, and what stands all the same.
STATES: dict[str, tuple[Callable[[Actor], object], set[str]]] = {
    "nothing": (lambda by: None, set(DOORS)),
    "customer disabled": (customer(is_active=False), ITSELF),
    "customer locked": (lambda by: User.objects.update(locked_at=clock.now(), way_back="mailbox"), ITSELF),
    "customer suspended": (lambda by: User.objects.update(suspended_until=soon()), ITSELF),
    "customer suspended, not any more": (lambda by: User.objects.update(suspended_until=ago()), set(DOORS)),
    "customer let back in": (
        lambda by: sessions.end_all(me(), by=by, at=clock.now(), reason="recovered"),
        ITSELF,
    ),
    "session ended by its owner": (end(sessions.ENDED_BY_OWNER), ITSELF),
    "session ended, as its risk rose": (end(sessions.RISK_ROSE), ITSELF),
    "session signed out": (end(sessions.SIGNED_OUT), ITSELF | AWAY | ACTS),
    "session too old": (lambda by: Session.objects.update(expires_at=ago()), ITSELF | AWAY | ACTS),
    "session at severe risk": (lambda by: Session.objects.update(risk=Risk.SEVERE), ITSELF),
    "consent withdrawn": (
        lambda by: [flows.withdraw(each, by=by, at=clock.now()) for each in Consent.objects.all()], ITSELF
    ),
    "consent ended, by nobody who ends tokens too": (lambda by: Consent.objects.update(ended_at=clock.now()), ITSELF),
    "consent narrowed": (
        lambda by: flows.narrow(Consent.objects.get(partner__name="Shop"), ("offline_access",), by=by, at=clock.now()),
        set(DOORS) - AWAY,
    ),
    "partner disabled": (partners(is_enabled=False), set()),
    "resource switched off": (
        lambda by: Resource.objects.update(is_enabled=False),
        set(DOORS) - {"introspection", exchange.GRANT},
    ),
    "partner may ask for less": (partners(scopes_allowed=["openid", "profile"]), set(DOORS) - AWAY),
}  # fmt: skip


def test_every_grant_has_a_row() -> None:
    assert set(views.GRANTS) <= set(DOORS)


@pytest.mark.control("v5.0.0-10.4.9")
@pytest.mark.parametrize("state", STATES)
def test_what_stands_and_what_does_not(customer: User, sign_in: Callable[..., Client], by: Actor, state: str) -> None:
    world = World(sign_in(customer))
    happen, standing = STATES[state]
    happen(by)
    assert {name for name, tried in DOORS.items() if tried(world)} == standing
