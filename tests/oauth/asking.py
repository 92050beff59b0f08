"""An agent asks its customer, who answers on a page of their own: a step at a time."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.oauth.ciba import GRANT
from ciam_portal.oauth.models import Partner
from consent.agents import flows as agents
from consent.approvals import flows
from consent.delegation.shapes import Terms
from consent.models import ApprovalRequest, Consent
from consent.permission.flows import Answered
from consent.records import facts as records
from tests.oauth.connecting import PAY, World
from tests.oauth.keyed import Keyed

AMOUNT = {"currency": "EUR", "amount": "10.00"}
ORDER = {"type": "agent_action", "action": "payment", "amount": AMOUNT, "to": "Ada’s Teapots",
         "resource": {"type": "order", "id": "1001"}}  # fmt: skip
PATH = "/oauth/bc-authorize/"
LETS = Terms(actions=(PAY,), asks=(PAY,), currency="EUR", amount_each=2000, amount_month=5000, times_day=3)


def connect(agent: Partner, owner: User, api: str, terms: Terms = LETS) -> None:
    """The owner lets this agent act for them at this API, for a month."""
    at, session = clock.now(), Session.objects.get(customer=owner)
    answered = Answered(("profile",), ("profile",), records.texts(records.spoken(("profile",), at)), (api,))
    granted = agents.Granted(terms, at + timedelta(days=30), (api,))
    by = Actor(ActorKind.CUSTOMER, owner.pk, Channel.WEB)
    agents.connect(session, agent, answered, granted, by=by, at=at)


def approved(agent: Keyed, owner: User) -> str:
    """What the agent asked, and its customer said yes to."""
    form = {
        "login_hint": Consent.objects.get(customer=owner, partner=agent.partner).sub, "binding_message": "Order 1001",
        "authorization_details": json.dumps([ORDER]),
    }  # fmt: skip
    asked = agent.post(PATH, form).json()["auth_req_id"]
    session, by = Session.objects.get(customer=owner), Actor(ActorKind.CUSTOMER, owner.pk, Channel.WEB)
    flows.approve(ApprovalRequest.objects.get(), session, (), by=by, at=clock.now())
    return str(asked)


def fetch(agent: Keyed, asked: str, **more: Any) -> Any:
    return agent.post("/oauth/token/", {"grant_type": GRANT, "auth_req_id": asked} | more)


class Asking(World):
    """Rosa's agent has to ask her each time before it pays at the shop."""

    known: str

    def __init__(self, sign_in: Callable[..., Client], *, terms: Terms = LETS, **agent: Any) -> None:
        super().__init__(sign_in, **agent)
        connect(self.agent.partner, self.rosa, self.api, terms)

    @property
    def by(self) -> Actor:
        return Actor(ActorKind.CUSTOMER, self.rosa.pk, Channel.WEB)

    @property
    def sub(self) -> str:
        return Consent.objects.get(customer=self.rosa).sub

    def start(self, *asked: dict[str, Any], **said: Any) -> Any:
        form = {
            "scope": "openid profile", "login_hint": self.sub, "binding_message": "Order 1001 at the tea shop",
            "authorization_details": json.dumps(list(asked) or [ORDER]),
        } | said  # fmt: skip
        return self.agent.post(PATH, {name: value for name, value in form.items() if value is not None})

    def asks(self, *asked: dict[str, Any], **said: Any) -> str:
        answer = self.start(*asked, **said)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["auth_req_id"])

    @property
    def row(self) -> ApprovalRequest:
        return ApprovalRequest.objects.order_by("-asked_at", "-pk")[0]

    @property
    def page(self) -> str:
        return f"/approvals/{self.row.pk}/"

    def approve(self, **form: Any) -> Any:
        return self.browser.post(f"{self.page}approve/", form)

    def refuse(self) -> Any:
        return self.browser.post(f"{self.page}refuse/")

    def poll(self, asked: str, **more: Any) -> Any:
        return fetch(self.agent, asked, **more)

    def error(self, asked: str, **more: Any) -> str:
        response = self.poll(asked, **more)
        assert response.status_code == 400, response.content
        return str(response.json()["error"])

    def pays(self, token: str, amount: int = 1000, order: str = "1001", **more: Any) -> Any:
        """What the shop hears about it, and, if it may be done, whether it could do it."""
        about = {"resource": {"type": "order", "id": order}} | more
        told = self.question(token, amount, **about).json()
        if told["outcome"] != "allow":
            return told["reasons"][0]["code"]
        said = {"action": "payment", "amount": amount, "currency": "EUR", "approval": told["approval"]} | about
        return self.shop.machine.post(
            "/api/approvals/redeem", said, content_type="application/json", HTTP_AUTHORIZATION=self.shop.basic()
        ).json()["redeemed"]


def after(seconds: int) -> Any:
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True)
