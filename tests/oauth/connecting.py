"""A customer connects an agent, which acts at a shop's API: all three, a step at a time."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import Totp, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Profile
from consent.models import Delegation
from tests.factories import customer
from tests.oauth.keyed import Keyed
from tests.oauth.walk import Walk, answer, register, serve

PAY, CHANGE = "partner.payment", "partner.change_payee"
TERMS: dict[str, Any] = {"do:partner.payment": "yes", "currency": "EUR", "amount_each": "20",
         "amount_month": "50", "times_day": "3", "days": "90"}  # fmt: skip


class Agent(Keyed):
    """A program with keys of its own, or on a device with none."""

    def __init__(self, browser: Client, **said: Any) -> None:
        words: dict[str, Any] = {"profile": Profile.AGENT, "maker": "Robots Ltd", "purpose": "Orders tea for you."}
        words |= {"scopes": ("profile", "email"), "actions": (PAY, CHANGE)} | said
        if words["profile"] is not Profile.AGENT:
            words["jwks"] = None
        super().__init__(browser, **words)

    def proof(self, assertion: str | None = None) -> dict[str, str]:
        return {"client_id": self.partner.client_id} if self.partner.is_public else super().proof(assertion)


class World:
    """Rosa, who has a second step; her agent; and a shop that runs an API and knows who acts there."""

    def __init__(self, sign_in: Callable[..., Client], **agent: Any) -> None:
        self.rosa: User = customer(name="Rosa Lind")
        Totp.objects.create(user=self.rosa, confirmed=True, created_at=clock.now())
        self.browser = sign_in(self.rosa, Method.PASSWORD, Method.TOTP, on=Client())
        self.shop = Walk(*register(delegates=True, decision_actions=(PAY, CHANGE, "partner.large_payment")))
        self.agent = Agent(self.browser, **agent)
        self.api = serve(self.shop, self.agent, scopes=("profile",))

    def ask(self, scope: str = "profile", **changed: Any) -> Any:
        return self.agent.ask(scope, **({"resource": self.api, "nonce": None} | changed))

    def connect(self, scope: str = "profile", ticked: list[str] | None = None, terms: Any = None, **asked: Any) -> Any:
        page = self.ask(scope, **asked)
        assert page.status_code == 200, page.get("Location", page.content)
        return self.agent.decide(page, scope=ticked, **(TERMS if terms is None else terms))

    def tokens(self, *args: Any, **asked: Any) -> dict[str, Any]:
        response = self.agent.redeem(answer(self.connect(*args, **asked))["code"])
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    @property
    def delegation(self) -> Delegation:
        return Delegation.objects.get(owner=self.rosa)

    def question(self, token: str, amount: int = 1000, action: str = "payment", **more: Any) -> Any:
        asked = {"action": action, "amount": amount, "currency": "EUR", "token": token} | more
        return self.shop.machine.post(
            "/api/decisions", asked, content_type="application/json", HTTP_AUTHORIZATION=self.shop.basic()
        )

    def redeem(self, approval: str, amount: int = 1000) -> Any:
        said = {"action": "payment", "amount": amount, "currency": "EUR", "approval": approval}
        return self.shop.machine.post(
            "/api/approvals/redeem", said, content_type="application/json", HTTP_AUTHORIZATION=self.shop.basic()
        )

    def switch(self, **columns: Any) -> None:
        Partner.objects.filter(pk=self.agent.partner.pk).update(**columns)


def words(page: Any) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
