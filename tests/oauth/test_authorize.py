"""The authorization endpoint: each known gap of the library is one test, named after the conformance module if any."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from consent.models import Consent
from tests.oauth.walk import CALLBACK, Walk, answer, challenge, payload, register

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "https://Shop.example/callback"},
        {"redirect_uri": "https://shop.example:443/callback"},
        {"redirect_uri": "https://shop.example.evil.example/callback"},
        {"redirect_uri": "https://user@shop.example/callback"},
        {"redirect_uri": "http://shop.example/callback"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": "x" * 5000},
    ],
)
@pytest.mark.control("RFC9700-2.1/a", "v5.0.0-10.4.1")
def test_oidcc_ensure_registered_redirect_uri(walk: Walk, change: dict[str, Any]) -> None:
    page = walk.ask(**change)
    assert page.status_code == 400
    assert "Location" not in page


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "!" * 43}, "invalid_request"),
        ({"code_challenge": "a" * 129}, "invalid_request"),
        ({"scope": "flying"}, "invalid_scope"),
        ({"prompt": "create consent"}, "invalid_request"),
        ({"request": "eyJ.e30."}, "invalid_request_object"),
        ({"request_uri": "https://shop.example/r"}, "request_uri_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"nonce": "n" * 5000}, "invalid_request"),
    ],
)
@pytest.mark.control("RFC9700-2.1.1", "RFC9207-2")
def test_a_bad_request_goes_back_with_a_standard_error_and_the_issuer(
    walk: Walk, change: dict[str, Any], error: str
) -> None:
    scope = change.pop("scope", "openid")
    words = answer(walk.ask(scope, **change))
    assert words["error"] == error
    assert words["iss"].startswith("http")
    assert words["state"] == "s-1"


def test_a_parameter_sent_twice_is_refused(walk: Walk) -> None:
    words = answer(walk.ask("openid", nonce=["a", "b"]))
    assert words["error"] == "invalid_request"


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(walk: Walk) -> None:
    assert walk.ask(flavor="vanilla").status_code == 200


def test_long_state_and_nonce_come_back_whole(walk: Walk) -> None:
    words = answer(walk.decide(walk.ask("openid", state="s" * 500, nonce="n" * 200)))
    assert words["state"] == "s" * 500
    assert payload(walk.redeem(words["code"]).json()["id_token"])["nonce"] == "n" * 200


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
def test_oidcc_prompt_none_not_logged_in(walk: Walk) -> None:
    walk.browser = Client()
    assert answer(walk.ask(prompt="none"))["error"] == "login_required"


def test_oidcc_prompt_none_logged_in(walk: Walk) -> None:
    assert answer(walk.ask(prompt="none"))["error"] == "consent_required"
    walk.code()
    assert "code" in answer(walk.ask(prompt="none"))


def test_a_stranger_is_led_to_sign_in_and_back(walk: Walk) -> None:
    walk.browser = Client()
    page = walk.ask()
    assert page.status_code == 302
    assert page["Location"].startswith("/sign-in/?next=/oauth/authorize/")


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
def test_oidcc_prompt_login(walk: Walk) -> None:
    page = walk.ask(prompt="login")
    assert page["Location"].startswith("/prove/?ref=")


def test_oidcc_max_age_1(walk: Walk) -> None:
    walk.code()
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        assert walk.ask(max_age="1")["Location"].startswith("/prove/")
        assert answer(walk.ask(max_age="1", prompt="none"))["error"] == "login_required"
        assert "code" in answer(walk.ask(max_age="10000"))


def test_auth_time_is_this_sessions_own(walk: Walk, customer: User, sign_in: Callable[..., Client]) -> None:
    mine = Session.objects.get()
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        sign_in(customer, on=Client())  # a later sign-in elsewhere changes nothing here
        claims = payload(walk.tokens("openid")["id_token"])
    assert claims["auth_time"] == int(mine.auth_time.timestamp())
    assert (claims["acr"], claims["amr"]) == ("aal1", ["pwd"])


def test_acr_and_amr_say_what_was_proven(customer: User, sign_in: Callable[..., Client]) -> None:
    walk = Walk(*register(), sign_in(customer, Method.PASSWORD, Method.TOTP))
    claims = payload(walk.tokens("openid")["id_token"])
    assert (claims["acr"], claims["amr"]) == ("aal2", ["mfa", "otp", "pwd"])


@pytest.mark.control("v5.0.0-10.7.1")
def test_approval_prompt_never_skips_the_page_of_a_new_partner(walk: Walk) -> None:
    assert walk.ask(approval_prompt="auto").status_code == 200


def test_a_public_partner_always_asks(public: Walk) -> None:
    public.code()
    assert public.ask().status_code == 200
    assert public.ask(approval_prompt="auto").status_code == 200


@pytest.mark.parametrize("known", [False, True])
def test_a_public_partner_stays_connected_only_by_a_proof_of_now(public: Walk, known: bool) -> None:
    scope, fresh = "openid offline_access", limits.current().actions[Action.APPROVE_OFFLINE].fresh_seconds
    if known:
        public.code(scope)
    page = public.ask(scope)
    with time_machine.travel(clock.now() + timedelta(seconds=fresh), tick=False):
        assert public.ask("openid").status_code == 200
        assert public.ask(scope)["Location"].startswith("/prove/")
        assert public.decide(page)["Location"].startswith("/oauth/authorize/?")  # asked again, under lock
        assert not Consent.objects.filter(changed_at=clock.now()).exists()
        Session.objects.update(auth_time=clock.now(), level_at=clock.now())
        assert public.redeem(public.code(scope)).json()["refresh_token"]


def test_a_live_consent_is_not_asked_again_unless_for_more(walk: Walk) -> None:
    walk.code("openid email")
    assert "code" in answer(walk.ask("openid email"))
    assert walk.ask("openid email phone").status_code == 200
    assert walk.ask("openid email", prompt="consent").status_code == 200


@pytest.mark.control("v5.0.0-10.7.2", "v5.0.0-10.7.3")
def test_the_form_can_neither_widen_nor_redirect(walk: Walk) -> None:
    page = walk.ask("openid email")
    more = {"redirect_uri": "https://evil.example/", "client_id": "x", "state": "forged"}
    words = answer(walk.decide(page, scope=["email", "phone", "profile"], **more))
    assert words["state"] == "s-1"
    assert Consent.objects.get().scopes == ["openid", "email"]
    assert walk.redeem(words["code"]).json()["scope"].split() == ["openid", "email"]


def test_what_is_unticked_is_not_given_and_required_scopes_stay(walk: Walk, customer: User) -> None:
    words = answer(walk.decide(walk.ask("openid profile email"), scope=["profile"]))
    tokens = walk.redeem(words["code"]).json()
    assert walk.userinfo(tokens["access_token"]).json().get("email") is None
    consent = Consent.objects.get(customer=customer)
    assert set(consent.scopes) == {"openid", "profile"}
    assert consent.declined == ["email"]


def test_a_question_is_answered_once_and_only_in_its_own_session(
    walk: Walk, sign_in: Callable[..., Client], customer: User
) -> None:
    page = walk.ask()
    thief = Walk(walk.partner, walk.secret, sign_in(customer, on=Client()))
    assert thief.decide(page).status_code == 410
    assert answer(walk.decide(page))["code"]
    assert walk.decide(page).status_code == 410


def test_saying_no_is_recorded_and_gives_nothing(walk: Walk, customer: User) -> None:
    assert answer(walk.decide(walk.ask(), decision="deny"))["error"] == "access_denied"
    assert not Consent.objects.exists()
    assert AuditEntry.objects.filter(name__contains="denied", about=customer.pk).count() == 1


def test_only_this_page_may_send_its_form_to_the_partner(walk: Walk) -> None:
    assert "form-action 'self' https://shop.example" in walk.ask()["Content-Security-Policy"]
    assert "shop.example" not in walk.browser.get("/")["Content-Security-Policy"]


def test_a_partner_that_is_off_gets_nothing(walk: Walk) -> None:
    walk.partner.is_enabled = False
    walk.partner.save()
    assert walk.ask().status_code == 400


def test_a_scope_above_the_ceiling_is_not_given(sign_in: Callable[..., Client], customer: User) -> None:
    walk = Walk(*register(scopes=("openid",)), sign_in(customer))
    assert walk.tokens("openid email")["scope"] == "openid"
    assert answer(walk.ask("email"))["error"] == "invalid_scope"


@pytest.mark.parametrize("verb", ["put", "delete", "patch"])
def test_wrong_methods(walk: Walk, verb: str) -> None:
    assert getattr(walk.browser, verb)("/oauth/authorize/").status_code == 405


def test_the_authorize_page_costs_few_statements(walk: Walk, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(7):
        walk.ask()
    walk.code()
    with django_assert_max_num_queries(14):
        answer(walk.ask())


def test_pkce_challenge_is_what_rfc_7636_says() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
