"""A partner that asks for decisions, and its customer."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.profiles import Profile
from tests.oauth.walk import Walk, register

ACTIONS = ("partner.payment", "partner.change_payee")


class Shop(Walk):
    """A partner that was registered for decisions, and one token of its customer."""

    token = ""

    def send(self, path: str, body: Any, **headers: Any) -> Any:
        headers = {"HTTP_AUTHORIZATION": self.basic()} | headers
        return self.machine.post(path, body, content_type="application/json", **headers)

    def question(self, **changed: Any) -> dict[str, Any]:
        words = {"action": "payment", "amount": 1250, "currency": "EUR", "token": self.token}
        words |= {"resource": {"type": "order", "id": "1001"}} | changed
        return {name: value for name, value in words.items() if value is not None}

    def decide_on(self, **changed: Any) -> Any:
        return self.send("/api/decisions", self.question(**changed))

    def approval(self, **changed: Any) -> str:
        answer = self.decide_on(**changed).json()
        assert answer["outcome"] == "allow", answer
        return str(answer["approval"])

    def redeem_approval(self, approval: str, **changed: Any) -> Any:
        words = self.question(**changed) | {"approval": approval}
        del words["token"]
        return self.send("/api/approvals/redeem", words)

    def asking(self, subject: str, **context: Any) -> dict[str, Any]:
        return {
            "subject": {"type": "customer", "id": subject},
            "action": {"name": "payment"},
            "resource": {"type": "order", "id": "1001"},
            "context": {"token": self.token, "amount": 1250, "currency": "EUR"} | context,
        }

    def evaluate(self, subject: str, **context: Any) -> Any:
        return self.send("/access/v1/evaluation", self.asking(subject, **context))


def open_shop(browser: Client, *methods: Method, **profile: Any) -> Shop:
    partner, secret = register(**({"decision_actions": ACTIONS} | profile))
    shop = Shop(partner, secret, browser)
    if profile.get("profile") is not Profile.SERVICE:
        shop.token = shop.tokens("openid")["access_token"]
    return shop


@pytest.fixture
def shop(customer: User, sign_in: Callable[..., Client]) -> Shop:
    """The customer has proven a password, just now."""
    return open_shop(sign_in(customer))


@pytest.fixture
def strong(customer: User, sign_in: Callable[..., Client]) -> Shop:
    """The customer has proven two factors, just now."""
    return open_shop(sign_in(customer, Method.PASSWORD, Method.TOTP))
