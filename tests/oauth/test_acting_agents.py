"""An agent acts for a customer: connected by the page, bounded, with ``act`` in its tokens, and cut at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from consent.models import Consent, Delegation
from tests.oauth.connecting import PAY, TERMS, World, words
from tests.oauth.walk import answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(sign_in: Callable[..., Client]) -> World:
    return World(sign_in)


def test_the_page_says_what_it_asks_and_allows_nothing_beforehand(world: World) -> None:
    page = world.ask()
    said = words(page)
    for each in ("asks to act for you", "Robots Ltd", "Orders tea for you.", world.api, "Pay for you", "90 days"):
        assert each in said, each
    assert page.content.decode().count("checked") == 2  # "No", twice
    refused = world.agent.decide(page, scope=[], **(TERMS | {"do:partner.payment": "no"}))
    assert "at least one thing" in words(refused)
    assert not Delegation.objects.exists()
    again = world.agent.decide(refused, scope=[], **(TERMS | {"amount_each": "", "amount_month": ""}))
    assert "up to which amount" in words(again)
    assert answer(world.agent.decide(again, scope=[], **TERMS))["code"]


def test_a_token_says_who_acts_for_whom(world: World) -> None:
    issued = world.tokens()
    assert (issued["token_type"], issued["scope"], issued["expires_in"] <= 300) == ("DPoP", "profile", True)
    assert "id_token" not in issued
    told = world.shop.introspect(issued["access_token"])
    act = {"iss": settings.PUBLIC_URL, "sub": world.agent.partner.client_id, "sub_profile": "ai_agent"}
    assert told["active"] is True
    assert told["act"] == act
    assert (told["client_profile"], told["sub_profile"], told["aud"]) == ("ai_agent", "user", world.api)
    assert not {"auth_time", "acr", "amr", "sid"} & told.keys()
    row = world.delegation
    assert (row.actions, row.scopes, row.amount_each, row.amount_month) == ([PAY], ["profile"], 2000, 5000)
    assert (row.times_day, row.currency, row.resources, row.asks) == (3, "EUR", [world.api], [])
    assert Consent.objects.get(customer=world.rosa).scopes == ["profile"]
    fresh = world.agent.refresh(issued["refresh_token"]).json()
    assert world.shop.introspect(fresh["access_token"])["act"] == act


def test_it_pays_within_its_limits_once(world: World) -> None:
    token = world.tokens()["access_token"]
    allowed = world.question(token).json()
    assert allowed["outcome"] == "allow", allowed
    assert world.redeem(allowed["approval"]).json()["redeemed"] is True
    assert world.redeem(allowed["approval"]).status_code != 200
    assert world.question(token, amount=2001).json()["reasons"][0]["code"] == "delegation_too_much"
    assert world.question(token, action="change_payee").json()["reasons"][0]["code"] == "delegation_not_granted"
