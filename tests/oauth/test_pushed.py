"""Requests sent ahead (RFC 9126) and signed (RFC 9101)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.oauth.models import AuthorizationCode, Partner
from ciam_portal.oauth.profiles import Profile
from tests.at_once import at_once
from tests.factories import PASSWORD
from tests.oauth.keyed import Keyed, new_key
from tests.oauth.walk import CALLBACK, Walk, answer, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Keyed:
    return Keyed(sign_in(customer))


def uri(bank: Keyed, **changed: Any) -> str:
    pushed = bank.push(**changed)
    assert pushed.status_code == 201, pushed.content
    found: str = pushed.json()["request_uri"]
    return found


@pytest.mark.control("RFC9126-2.2", "FAPI2-SP-5.3.2.2-12")
def test_a_pushed_request_is_answered(bank: Keyed) -> None:
    pushed = bank.push()
    assert pushed.status_code == 201
    assert pushed.json()["expires_in"] == 60
    assert pushed["Cache-Control"] == "no-store"
    assert pushed.json()["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    code = answer(bank.decide(bank.open(pushed.json()["request_uri"])))
    assert (code["state"], code["iss"]) == ("s-1", settings.PUBLIC_URL)
    assert bank.redeem(code["code"]).status_code == 200


@pytest.mark.control("RFC9126-7.3")
def test_it_is_answered_once_on_every_path(bank: Keyed) -> None:
    first = uri(bank)
    bank.decide(bank.open(first))
    assert bank.open(first).status_code == 400
    silent = uri(bank, prompt="none")
    assert "code" in answer(bank.open(silent))
    assert bank.open(silent).status_code == 400
    refused = uri(bank, prompt="none", scope="openid email")
    assert answer(bank.open(refused))["error"] == "consent_required"
    assert bank.open(refused).status_code == 400
    no = uri(bank, scope="openid email")
    assert answer(bank.decide(bank.open(no), "deny"))["error"] == "access_denied"
    assert bank.open(no).status_code == 400


def test_two_tabs_get_one_code(bank: Keyed) -> None:
    one = uri(bank)
    first, second = bank.open(one), bank.open(one)
    assert "code" in answer(bank.decide(first))
    late = bank.decide(second)
    assert late.status_code == 400
    assert "Start again at the app" in late.text
    assert AuthorizationCode.objects.count() == 1


def test_a_reload_and_a_sign_in_on_the_way_find_it_again(customer: User, bank: Keyed) -> None:
    browser, one = Client(), uri(bank)
    to_sign_in = bank.open(one, browser)
    assert to_sign_in["Location"].startswith("/sign-in/?next=/oauth/authorize/")
    assert "state" not in to_sign_in["Location"]
    with time_machine.travel(clock.now() + timedelta(seconds=90), tick=True):
        assert bank.open(one, browser).status_code == 302
        browser.post(to_sign_in["Location"], {"login": customer.email, "password": PASSWORD})
        assert bank.open(one, Client()).status_code == 400


@pytest.mark.control("RFC9126-4")
def test_whose_it_is_not_and_what_is_dead(bank: Keyed) -> None:
    other, one = Keyed(bank.browser), uri(bank)
    assert other.open(one).status_code == 400
    assert bank.open(one).status_code == 200
    assert bank.open(one, Client()).status_code == 400
    late = uri(bank)
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=True):
        bank.open(late)  # (the cache counts its own seconds)
    assert bank.open(one + "x").status_code == 400
    assert bank.open("urn:ietf:params:oauth:request_uri:").status_code == 400
    assert "wait too long" not in bank.open("urn:example:x").text


def test_nothing_else_in_the_address_counts(bank: Keyed) -> None:
    page = bank.open(uri(bank), state="evil", scope="openid phone", redirect_uri="https://evil.example/")
    assert answer(bank.decide(page))["state"] == "s-1"


@pytest.mark.control("FAPI2-SP-5.3.2.2-3")
def test_a_partner_of_the_profile_asks_in_no_other_way(bank: Keyed) -> None:
    assert answer(bank.ask())["error"] == "invalid_request"
    assert Walk(*register(), bank.browser).ask().status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"scope": "flying"}, "invalid_scope"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "request_uri_not_supported"),
        ({"client_id": "somebody"}, "invalid_client"),
        ({"state": "x" * 600}, "invalid_request"),
        ({"request": "x"}, "invalid_request_object"),
    ],
)
def test_a_bad_request_is_refused_when_it_is_pushed(bank: Keyed, changed: dict[str, Any], error: str) -> None:
    refused = bank.push(**changed)
    assert refused.status_code in {400, 401}
    assert refused.json()["error"] == error


@pytest.mark.control("v5.0.0-10.4.10", "RFC9126-2.1")
def test_only_partners_push_and_only_by_post(bank: Keyed) -> None:
    assert bank.machine.post("/oauth/par/", bank.asking()).status_code == 401
    assert bank.machine.get("/oauth/par/").status_code == 405
    shop, public = Walk(*register()), Walk(*register("App", profile=Profile.BROWSER))
    words = bank.asking() | {"client_id": shop.partner.client_id}
    assert shop.machine.post("/oauth/par/", words, HTTP_AUTHORIZATION=shop.basic("wrong")).status_code == 401
    assert shop.post("/oauth/par/", words).status_code == 201
    assert public.post("/oauth/par/", bank.asking() | {"client_id": public.partner.client_id}).status_code == 201
    robot = Walk(*register("Robot", profile=Profile.SERVICE))
    assert (
        robot.post("/oauth/par/", words | {"client_id": robot.partner.client_id}).json()["error"] == "invalid_request"
    )


def test_a_partner_switched_off_meanwhile_is_not_answered(bank: Keyed) -> None:
    one = uri(bank)
    Partner.objects.update(is_enabled=False)
    assert bank.open(one).status_code == 400


class TestSigned:
    """Request objects."""

    def test_pushed(self, bank: Keyed) -> None:
        pushed = bank.post("/oauth/par/", {"request": bank.request_object(max_age=900)})
        assert pushed.status_code == 201, pushed.content
        assert answer(bank.decide(bank.open(pushed.json()["request_uri"])))["state"] == "s-1"

    def test_in_the_address(self, bank: Keyed) -> None:
        query = {"client_id": bank.partner.client_id, "request": bank.request_object(), "state": "outer"}
        kept = bank.browser.get("/oauth/authorize/", query)
        assert kept.status_code == 303
        assert answer(bank.decide(cast("Any", bank.browser.get(kept["Location"]))))["state"] == "s-1"

    @pytest.mark.parametrize(
        "changed",
        [
            {"iss": "x"}, {"aud": "x"}, {"aud": None}, {"exp": None}, {"exp": 1}, {"exp": 99_999_999_999},
            {"nbf": 99_999_999_999}, {"client_id": "x"}, {"client_id": None}, {"sub": "x"}, {"request": "x"},
            {"request_uri": "urn:x"}, {"key": new_key()},
        ],
    )  # fmt: skip
    def test_what_is_not_taken(self, bank: Keyed, changed: dict[str, Any]) -> None:
        signed = bank.request_object(**changed)
        assert bank.post("/oauth/par/", {"request": signed}).json()["error"] == "invalid_request_object"
        query = {"client_id": bank.partner.client_id, "request": signed}
        assert bank.browser.get("/oauth/authorize/", query).status_code == 400
        told = bank.browser.get("/oauth/authorize/", query | {"redirect_uri": CALLBACK, "state": "s-1"})
        assert answer(told)["error"] == "invalid_request_object"

    def test_a_partner_without_keys_signs_nothing(self, bank: Keyed, walk: Walk) -> None:
        query = {"client_id": walk.partner.client_id, "request": bank.request_object()}
        assert walk.browser.get("/oauth/authorize/", query).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_many_browsers_at_once_one_opens_it(unlocked_audit: None) -> None:
    bank = Keyed()
    one = uri(bank)
    statuses = at_once(*[lambda: bank.open(one, Client()).status_code] * 6)
    assert sorted(statuses) == [302, *[400] * 5]  # type: ignore[type-var]
