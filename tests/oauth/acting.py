"""Somebody acts for another customer of an app: both, the app, and what each of them holds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import Totp, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth import exchange, subject_tokens
from ciam_portal.oauth.models import Partner
from consent.delegation.shapes import Kind, State
from consent.models import Delegation
from tests.factories import customer
from tests.oauth.walk import Walk, register

ACTIONS = ("partner.payment", "partner.large_payment", "partner.change_payee")
PATH = "/api/delegations"


def let(owner: User, delegate: User, **said: Any) -> Delegation:
    """The owner lets the delegate act, from now on for a month."""
    now = clock.now() - timedelta(seconds=1)
    words = {
        "owner": owner, "delegate": delegate, "kind": Kind.PERSON, "state": State.ACTIVE, "scopes": ["profile"],
        "actions": ["partner.payment"], "currency": "EUR", "amount_each": 5000, "amount_month": 8000, "made_at": now,
        "accepted_at": now, "starts_at": now, "ends_at": now + timedelta(days=30),
    }  # fmt: skip
    return Delegation.objects.create(**(words | said))


class World:
    """Rosa has connected a shop and lets Otto act for her; Otto is signed in there himself, with two factors."""

    def __init__(self, sign_in: Callable[..., Client], *, rosa: str = "openid profile email", **shop: Any) -> None:
        self.rosa, self.otto = customer(name="Rosa Lind"), customer(name="Otto Falk")
        Totp.objects.create(user=self.otto, confirmed=True, created_at=clock.now())
        words: dict[str, Any] = {"delegates": True, "decision_actions": ACTIONS}
        said = register(**(words | shop))
        self.hers = Walk(*said, sign_in(self.rosa, on=Client()))
        self.his = Walk(*said, sign_in(self.otto, Method.PASSWORD, Method.TOTP, on=Client()))
        self.hers.tokens(rosa)
        self.token = str(self.his.tokens("openid delegations")["access_token"])
        self.delegation = let(self.rosa, self.otto)

    @property
    def shop(self) -> Partner:
        return self.his.partner

    def listed(self) -> Any:
        return self.his.get(PATH, self.token).json()["delegations"]

    def subject(self) -> str:
        return str(self.listed()[0]["subject_token"])

    def swap(self, **said: Any) -> Any:
        form = {
            "grant_type": exchange.GRANT, "subject_token_type": subject_tokens.TYPE, "actor_token": self.token,
            "actor_token_type": exchange.ACCESS_TOKEN,
        } | said  # fmt: skip
        form = form if "subject_token" in form else form | {"subject_token": self.subject()}
        return self.his.post("/oauth/token/", {name: value for name, value in form.items() if value is not None})

    def act(self, **said: Any) -> str:
        """The token with which Otto acts."""
        answer = self.swap(**said)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["access_token"])

    def opens(self, token: str) -> bool:
        """What a delegated token does at each place that knows it; they always agree."""
        told = self.his.introspect(token)["active"]
        assert (self.his.userinfo(token).status_code == 200) is told
        assert (self.his.get("/api/profile", token).status_code == 200) is told
        return bool(told)


def consent_of(who: User) -> UUID:
    """Their connection with the shop."""
    return UUID(str(who.consents.get(ended_at=None).pk))
