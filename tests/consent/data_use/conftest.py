"""A service of the business, and a customer of the shop whose names for customers it shares."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth.profiles import Profile
from ciam_portal.oauth.subjects import subject
from consent.data_use import flows
from consent.models import PurposeVersion
from consent.records import flows as choices
from consent.records.policy import Says
from tests.oauth.walk import Walk, register

PATH = "/api/data-use"
PURPOSES = ("product_news", "improve_service", "security_notices")


class Service(Walk):
    """A partner that acts for itself and may use data for some purposes."""

    def __init__(self, name: str = "Newsroom", **said: Any) -> None:
        words = {"profile": Profile.SERVICE, "sector": "shop.example"} | said
        super().__init__(*register(name, **words))
        self.let(*PURPOSES)

    def let(self, *purposes: str) -> None:
        flows.let_use(self.partner, purposes, by=Actor.system(), at=clock.now())

    def token(self, scope: str = "data.use") -> str:
        answer = self.post("/oauth/token/", {"grant_type": "client_credentials", "scope": scope})
        assert answer.status_code == 200, answer.content
        return str(answer.json()["access_token"])

    def send(self, body: Any, token: str | None = None, **headers: Any) -> Any:
        headers = {"HTTP_AUTHORIZATION": f"Bearer {self.token() if token is None else token}"} | headers
        return self.machine.post(PATH, body, content_type="application/json", **headers)

    def asks(self, *subs: str, token: str | None = None, **changed: Any) -> Any:
        body = {"purpose": "product_news", "categories": ["email", "name"], "subjects": list(subs)} | changed
        return self.send(body, token)

    def answers(self, *subs: str, **changed: Any) -> dict[str, Any]:
        answer = self.asks(*subs, **changed)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()["subjects"]
        return found


@pytest.fixture
def service(db: None) -> Service:
    return Service()


@pytest.fixture
def sub(customer: User, sign_in: Callable[..., Client]) -> str:
    """Under which the shop knows the customer, who has signed in to it once."""
    shop = Walk(*register(), sign_in(customer))
    found = shop.userinfo(shop.tokens("openid")["access_token"]).json()["sub"]
    assert found == subject(shop.partner, customer.pk)
    return str(found)


@pytest.fixture
def say(customer: User, by: Actor) -> Callable[..., object]:
    """The customer answers a purpose of ours."""

    def answer(says: Says, key: str = "product_news", *, who: User = customer) -> object:
        version = PurposeVersion.objects.get(purpose__key=key, state="active").pk
        return choices.answer(who, key, says, version, by=Actor(by.kind, who.pk, by.channel), at=clock.now())

    return answer
