"""Corners of the authorization request: who is meant, how well proven, asked how, by which method."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Level, Method
from consent.models import Consent
from tests import factories
from tests.oauth.walk import CALLBACK, Walk, answer, payload, register

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"code_challenge": "x" * 129}, "invalid_request"),
        ({"code_challenge": "ü" * 43}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": 'openid "x"'}, "invalid_scope"),
        ({"prompt": "create login"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "²"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"id_token": 3}'}, "invalid_request"),
        ({"claims": "[" * 2000}, "invalid_request"),
        ({"id_token_hint": "not.a.token"}, "invalid_request"),
        ({"id_token_hint": "e30.e30.e30"}, "invalid_request"),
    ],
)
def test_broken_wishes_go_back_as_errors(walk: Walk, changed: dict[str, Any], error: str) -> None:
    assert answer(walk.ask(**changed))["error"] == error


@pytest.mark.parametrize(
    "odd", ['{"acr": {"essential": true, "values": 3}}', '{"acr": 3}', '{"acr": {"values": [{}]}}']
)
def test_odd_claims_are_survived(walk: Walk, odd: str) -> None:
    assert walk.ask(claims=f'{{"id_token": {odd}}}').status_code == 200


@pytest.mark.parametrize("name", ["login_hint", "ui_locales", "claims_locales"])
def test_oidcc_hints_are_harmless(walk: Walk, name: str) -> None:
    assert walk.ask(**{name: "<script>' xx-XX \u202e"}).status_code == 200


def test_oidcc_ensure_post_request_succeeds(walk: Walk) -> None:
    query = walk.ask().wsgi_request.GET.dict()
    response = Client(enforce_csrf_checks=True).post("/oauth/authorize/", query)
    assert response.status_code == 303
    assert parse_qs(urlsplit(response["Location"]).query)["client_id"] == [walk.partner.client_id]
    assert walk.browser.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("query", ["client_id=%00", "%00=1", "client_id=%ff", "x=" + "y" * 9000])
def test_broken_addresses_are_refused(walk: Walk, query: str) -> None:
    assert walk.browser.get(f"/oauth/authorize/?{query}").status_code == 400


@pytest.mark.parametrize("reference", ["", "x", "y" * 5000])
def test_an_invented_reference_is_no_question(walk: Walk, reference: str) -> None:
    assert walk.browser.post("/oauth/authorize/decide/", {"reference": reference}).status_code == 410
    assert walk.browser.get("/oauth/authorize/decide/").status_code == 410


def test_the_form_needs_its_csrf_token(walk: Walk) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = walk.browser.cookies
    assert strict.post("/oauth/authorize/decide/", {"reference": "x", "decision": "allow"}).status_code == 403


def test_several_tabs(walk: Walk) -> None:
    first, second = walk.ask(state="one"), walk.ask(state="two")
    assert answer(walk.decide(first))["state"] == "one"
    assert answer(walk.decide(second))["state"] == "two"
    assert Consent.objects.count() == 1


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
def test_oidcc_prompt_consent_asks_again_even_what_was_declined(walk: Walk) -> None:
    answer(walk.decide(walk.ask("openid profile email"), scope=["profile"]))
    assert walk.redeem(answer(walk.ask("openid profile email"))["code"]).json()["scope"] == "openid profile"
    page = walk.ask("openid profile email", prompt="consent")
    assert b'value="email">' in page.content  # shown, and not ticked


def test_withdrawn_consent_is_asked_for_anew(walk: Walk) -> None:
    walk.code()
    Consent.objects.get().end(clock.now())
    assert walk.ask().status_code == 200


def test_max_age_0_asks_once(walk: Walk) -> None:
    walk.code()
    assert walk.ask(max_age="0")["Location"].startswith("/prove/")
    Session.objects.update(auth_time=clock.now())
    assert "code" in answer(walk.ask(max_age="0"))


@pytest.mark.control("OIDC-Core-5.5.1.1")
def test_oidcc_ensure_request_with_acr_values_succeeds(walk: Walk) -> None:
    # A wish: this customer has no second factor, and the ID token says what was proven.
    assert payload(walk.tokens(acr_values="aal2 nonsense")["id_token"])["acr"] == "aal1"


@pytest.mark.control("OIDC-Core-5.5.1.1")
@pytest.mark.parametrize("wanted", [{"values": ["aal2"]}, {"value": "urn:other"}])
def test_an_essential_acr_that_cannot_be_reached_is_an_error(walk: Walk, wanted: dict[str, object]) -> None:
    claims = json.dumps({"id_token": {"acr": {"essential": True} | wanted}})
    assert answer(walk.ask(claims=claims))["error"] == "unmet_authentication_requirements"


def test_acr_steps_up(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.factors.bound.highest_level", lambda _customer: Level.AAL2)
    asked = walk.ask(acr_values="aal2")["Location"]
    assert asked.startswith("/prove/?ref=")
    assert walk.browser.get(asked).context["to"] == Level.AAL2.acr
    assert answer(walk.ask(acr_values="aal2", prompt="none"))["error"] == "interaction_required"
    Session.objects.update(level=Level.AAL2, methods=[Method.PASSWORD.value, Method.TOTP.value])
    claims = payload(walk.tokens(acr_values="aal2")["id_token"])
    assert claims["acr"] == "aal2"
    assert claims["amr"] == ["mfa", "otp", "pwd"]


@pytest.mark.control("OIDC-Core-3.1.2.2(4)")
def test_oidcc_id_token_hint(walk: Walk, sign_in: Callable[..., Client]) -> None:
    mine = walk.tokens()["id_token"]
    assert "code" in answer(walk.ask(prompt="none", id_token_hint=mine))
    sub = json.dumps({"id_token": {"sub": {"value": payload(mine)["sub"]}}})
    assert "code" in answer(walk.ask(claims=sub))
    walk.browser = sign_in(factories.customer(), on=Client())
    assert answer(walk.ask(id_token_hint=mine))["error"] == "login_required"
    assert answer(walk.ask(claims=sub))["error"] == "login_required"
    other = Walk(*register("Other"), walk.browser)
    assert answer(other.ask(id_token_hint=mine))["error"] == "invalid_request"


def test_coming_from_our_own_form_the_way_on_is_a_page(walk: Walk) -> None:
    # Chromium holds the form-action of the sign-in page against every redirect that follows its form.
    query = walk.ask().wsgi_request.get_full_path()
    walk.code()
    response = walk.browser.get(query, HTTP_SEC_FETCH_SITE="same-origin")
    assert response.status_code == 200
    assert f'content="0; url={CALLBACK}?code='.encode() in response.content
    assert response["Cache-Control"] == "no-store"
    assert walk.browser.get(query, HTTP_SEC_FETCH_SITE="cross-site").status_code == 303


def test_a_closed_account_gets_no_code(walk: Walk) -> None:
    page = walk.ask()
    User.objects.update(is_active=False)
    assert walk.decide(page)["Location"].startswith("/sign-in/")
    assert not Consent.objects.exists()


def test_a_partner_switched_off_between_question_and_answer_gets_no_code(walk: Walk) -> None:
    page = walk.ask()
    type(walk.partner).objects.update(is_enabled=False)
    assert answer(walk.decide(page))["error"] == "access_denied"
    assert not Consent.objects.exists()
