"""What a customer approved by itself, in a token that is exchanged (RFC 9396, RFC 8693): never more, and done once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth.profiles import Profile
from tests.decisions.conftest import ACTIONS, Shop
from tests.oauth.test_details import OTHER, PAYMENT, TRANSACTION, TYPE, changed, open_bank
from tests.oauth.test_exchange import error, server, swap
from tests.oauth.walk import register, serve

pytestmark = pytest.mark.django_db
SENT = {"scopes": ("openid", "profile"), "decision_actions": ACTIONS, "authorization_details_types": (TYPE,)}


class Chain:
    """A bank with two payments to make, and the API that it sends its token to, which calls another one."""

    def __init__(self, browser: Client, **sent: Any) -> None:
        self.bank, self.clearing = open_bank(browser, may_exchange=True), server("Clearing")
        self.ledger = Shop(*register("Ledger", profile=Profile.SERVICE, may_exchange=True, **(SENT | sent)))
        self.here = serve(self.ledger, self.bank, url="https://ledger.example/")
        self.there = serve(self.clearing, self.ledger, url="https://clearing.example/")
        self.token = self.bank.approved(PAYMENT, OTHER, scope="openid profile", resource=self.here)["access_token"]

    def onward(self, *wanted: object, **said: Any) -> Any:
        more = {"authorization_details": json.dumps(wanted)} if wanted else {}
        return swap(self.ledger, self.token, resource=self.there, **(more | said))


@pytest.fixture
def browser(customer: User, sign_in: Callable[..., Client]) -> Client:
    return sign_in(customer, Method.PASSWORD, Method.TOTP)


@pytest.fixture
def chain(browser: Client) -> Chain:
    return Chain(browser)


@pytest.mark.control("RFC9396-7", "RFC8693-2.1")
@pytest.mark.parametrize("wanted", [(), (PAYMENT,), (OTHER,), (OTHER, PAYMENT)])
def test_it_carries_what_is_named_of_what_the_other_one_carries(chain: Chain, wanted: tuple[Any, ...]) -> None:
    answered = chain.onward(*wanted)
    assert answered.status_code == 200, answered.content
    assert answered.json().get("authorization_details", []) == list(wanted)
    told = chain.clearing.introspect(answered.json()["access_token"]).get("authorization_details", [])
    assert [each for each in (PAYMENT, OTHER) if each in told] == [each for each in (PAYMENT, OTHER) if each in wanted]


MORE: dict[str, tuple[Any, ...] | str] = {
    "another amount": (changed("instructedAmount", "amount", to="49.91"),),
    "one of two that is held": (PAYMENT, changed("instructedAmount", "amount", to="1.00")),
    "without what was said": (changed("remittanceInformationUnstructured", to=...),),
    "what is in no form": (PAYMENT | {"urgent": True},),
    "another type": ({"type": "agent_action", "action": "payment"},),
    "the same twice": (PAYMENT, PAYMENT),
    "no JSON": "x",
    "nothing": "[]",
}


@pytest.mark.control("RFC9396-7", "RFC8693-2.1")
@pytest.mark.parametrize("what", MORE)
def test_and_never_more(chain: Chain, what: str) -> None:
    wanted = MORE[what]
    said = {"authorization_details": wanted} if isinstance(wanted, str) else {}
    refused = chain.onward(*(() if isinstance(wanted, str) else wanted), **said)
    assert error(refused) == "invalid_authorization_details"


def test_what_was_done_is_handed_on_no_more_and_what_was_handed_on_is_done_once(chain: Chain) -> None:
    """The bank and its ledger hold the same payment: one of them makes it."""
    swapped = chain.onward(PAYMENT).json()["access_token"]
    holding = ((chain.bank, chain.token), (chain.ledger, swapped))
    given = [(who, who.decide_on(token=token, **TRANSACTION).json()["approval"]) for who, token in holding]
    assert [who.redeem_approval(approval, **TRANSACTION).status_code for who, approval in given] == [200, 409]
    assert "authorization_details" not in chain.clearing.introspect(swapped)
    assert error(chain.onward(PAYMENT)) == "invalid_authorization_details"
    assert chain.ledger.decide_on(token=swapped, **TRANSACTION).json()["outcome"] == "deny"


def test_who_is_not_registered_for_the_type_hands_none_of_it_on(browser: Client) -> None:
    chain = Chain(browser, authorization_details_types=())
    assert error(chain.onward(PAYMENT)) == "invalid_authorization_details"
    assert chain.onward().status_code == 200


def test_an_exchange_is_no_way_around_what_has_to_be_approved(browser: Client) -> None:
    """Who need not have a payment approved needs it with what came of a token of somebody who does."""
    chain = Chain(browser, authorization_details_types=())
    swapped = chain.onward().json()["access_token"]
    for token, outcome in ((chain.token, "allow"), (swapped, "deny")):
        assert chain.ledger.decide_on(token=token, **TRANSACTION).json()["outcome"] == outcome
