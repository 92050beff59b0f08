"""RFC 9470 with somebody else's client: call, challenge, authorize with what it says, prove, call again. It ends."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import time_machine
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import verifier as factors
from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from consent.models import Consent
from tests import factories
from tests.decisions.conftest import open_shop
from tests.oauth.test_authlib import Wire
from tests.oauth.walk import CALLBACK, Walk, answer, payload, register

pytestmark = pytest.mark.django_db
VERIFIER = "authlib-" + "v" * 48


@pytest.fixture
def seed(customer: User) -> bytes:
    made, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, made, f"{code_at(made, t0=60):06d}", at)
    return made


class Partner:
    """Authlib, which knows the challenge only from the header."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.http = OAuth2Session(
            client_id=walk.partner.client_id,
            client_secret=walk.secret,
            redirect_uri=CALLBACK,
            scope="openid activity",
            code_challenge_method="S256",
        )
        self.http.mount("http://", Wire())

    def sign_in(self, **wishes: str) -> dict[str, Any]:
        """Through the authorization endpoint, proving when the portal wants it; the claims of the ID token."""
        address, state = self.http.create_authorization_url(
            f"{settings.PUBLIC_URL}/oauth/authorize/", code_verifier=VERIFIER, nonce="n", **wishes
        )
        page: Any = self.walk.browser.get(urlsplit(address).path + "?" + urlsplit(address).query)
        page = self.through_proving(page)
        if page.status_code == 200:
            page = self.walk.decide(page)
        token = self.http.fetch_token(
            f"{settings.PUBLIC_URL}/oauth/token/",
            authorization_response=page["Location"],
            state=state,
            code_verifier=VERIFIER,
        )
        return payload(token["id_token"])

    proofs = 0
    prove: Callable[[Client, str], Any]

    def through_proving(self, page: Any) -> Any:
        for _ in range(3):
            if page.status_code != 302 or not page["Location"].startswith("/prove/"):
                return page
            self.proofs += 1
            page = self.prove(self.walk.browser, page["Location"])
            assert page["Location"].startswith("/oauth/authorize/"), page
            page = self.walk.browser.get(page["Location"])
        raise AssertionError("the portal asks and asks")

    def activity(self) -> requests.Response:
        found: requests.Response = self.http.get(f"{settings.PUBLIC_URL}/api/activity")
        return found


def challenge_in(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 401, response.text
    words = dict(re.findall(r'(\w+)="([^"]*)"', response.headers["WWW-Authenticate"]))
    assert words["error"] == "insufficient_user_authentication"
    return {name: words[name] for name in ("acr_values", "max_age")}


def carried(address: str) -> dict[str, str]:
    """What the page for proving carries along: where to go back to."""
    return dict(parse_qsl(urlsplit(address).query))


def with_app(seed: bytes) -> Callable[[Client, str], Any]:
    def prove(browser: Client, address: str) -> Any:
        code = f"{code_at(seed):06d}"
        return browser.post("/prove/", {"way": "totp", "code": code} | carried(address))

    return prove


@pytest.mark.control("RFC9470-3", "RFC9470-4", "RFC9470-5")
def test_the_loop_with_authlib(walk: Walk, seed: bytes) -> None:
    partner = Partner(walk)
    partner.prove = with_app(seed)
    Session.objects.update(level=Level.AAL2)
    partner.sign_in()  # allowed with a second factor, as it has to be
    Session.objects.update(level=Level.AAL1)
    assert partner.sign_in()["acr"] == "aal1"
    wishes = challenge_in(partner.activity())
    assert wishes == {"acr_values": "aal2", "max_age": "900"}
    claims = partner.sign_in(**wishes)
    assert claims["acr"] == "aal2"
    assert set(claims["amr"]) == {"mfa", "otp", "pwd"}
    assert partner.activity().status_code == 200
    assert partner.proofs == 1
    # Asked again while it is fresh, nothing has to be proven.
    partner.sign_in(**wishes)
    assert partner.proofs == 1


def test_a_stale_second_factor_is_proven_again_even_if_the_password_is_fresh(
    customer: User, sign_in: Callable[..., Client], seed: bytes
) -> None:
    walk = Walk(*register(), sign_in(customer, Method.PASSWORD, Method.TOTP))
    partner = Partner(walk)
    partner.prove = with_app(seed)
    partner.sign_in()
    assert partner.activity().status_code == 200
    Session.objects.update(level_at=clock.now() - timedelta(minutes=20))  # auth_time is of just now
    wishes = challenge_in(partner.activity())
    partner.sign_in(**wishes)
    assert partner.proofs == 1
    assert partner.activity().status_code == 200


@pytest.mark.control("RFC9470-5")
def test_without_a_second_factor_the_loop_has_a_clear_end(walk: Walk) -> None:
    partner = Partner(walk)
    partner.sign_in()
    wishes = challenge_in(partner.activity())
    claims = partner.sign_in(**wishes)
    assert claims["acr"] == "aal1"  # asking again is useless, and the partner can see it
    assert challenge_in(partner.activity()) == wishes
    assert partner.proofs == 0
    essential = '{"id_token":{"acr":{"essential":true,"values":["aal2"]}}}'
    refused = answer(walk.ask("openid activity", claims=essential))
    assert refused["error"] == "unmet_authentication_requirements"
    assert "code" in answer(walk.ask("openid activity", prompt="none", **wishes))


def test_a_voluntary_wish_still_counts_its_max_age(walk: Walk) -> None:
    """Whoever cannot reach the level proves the freshness that was asked for, once."""
    walk.code("openid")
    with time_machine.travel(clock.now() + timedelta(seconds=60)):
        page = walk.ask("openid", acr_values="aal2", max_age="30")
        assert page["Location"].startswith("/prove/")
        sent = {"way": "password", "password": factories.PASSWORD} | carried(page["Location"])
        back = walk.browser.post("/prove/", sent)
        assert "code" in answer(walk.browser.get(back["Location"]))


def test_a_scope_that_a_second_factor_opens_is_let_out_by_one_only(walk: Walk, seed: bytes) -> None:
    """The page comes after the proof; and an answer that took too long, or another session, does not slip through."""
    page = walk.ask("openid activity")
    assert page["Location"].startswith("/prove/")
    assert not Consent.objects.exists()
    back = with_app(seed)(walk.browser, page["Location"])
    question: Any = walk.browser.get(back["Location"])
    proven = Session.objects.get().level_at
    Session.objects.update(level_at=proven - timedelta(seconds=901))
    late = walk.decide(question)
    assert late["Location"].startswith("/oauth/authorize/")
    assert not Consent.objects.exists()
    Session.objects.update(level_at=proven)
    question = walk.browser.get(back["Location"])
    answer(walk.decide(question))
    assert Consent.objects.get().scopes == ["openid", "activity"]


def test_other_scopes_ask_for_no_more(walk: Walk, seed: bytes) -> None:
    assert walk.ask("openid profile email").status_code == 200


def test_who_has_no_second_factor_lets_it_out_with_a_fresh_password(walk: Walk) -> None:
    assert walk.ask("openid activity").status_code == 200
    Session.objects.update(level_at=clock.now() - timedelta(seconds=901))
    page = walk.ask("openid activity")
    sent = {"way": "password", "password": factories.PASSWORD} | carried(page["Location"])
    back = walk.browser.post("/prove/", sent)
    question: Any = walk.browser.get(back["Location"])
    assert "code" in answer(walk.decide(question))


def test_the_page_for_proving_says_that_an_app_asks(walk: Walk) -> None:
    walk.code("openid")
    page = walk.browser.get(walk.ask("openid", max_age="0")["Location"])
    assert "The app you are going to asks you to show once more that it is you." in page.text


def test_that_a_proof_was_asked_for_is_forgotten_after_ten_minutes(walk: Walk) -> None:
    """A mark that outlives its request would let a proof from then pass as fresh for as long as the session lives."""
    walk.code("openid")
    start = clock.now()
    with time_machine.travel(start + timedelta(seconds=60)):
        page = walk.ask("openid", prompt="login")
        sent = {"way": "password", "password": factories.PASSWORD} | carried(page["Location"])
        assert walk.browser.post("/prove/", sent)["Location"].startswith("/oauth/authorize/")
    with time_machine.travel(start + timedelta(seconds=60 + 599)):
        session = dict(walk.browser.session)
        assert "code" in answer(walk.ask("openid", prompt="login"))
    kept = walk.browser.session
    kept["asked_to_prove"] = session["asked_to_prove"]
    kept.save()
    with time_machine.travel(start + timedelta(seconds=60 + 601)):
        assert walk.ask("openid", prompt="login")["Location"].startswith("/prove/")


def test_an_expired_mark_is_begun_anew_so_that_the_loop_still_ends(walk: Walk) -> None:
    walk.code("openid")
    start = clock.now()
    with time_machine.travel(start + timedelta(seconds=60)):
        assert walk.ask("openid", prompt="login")["Location"].startswith("/prove/")
    with time_machine.travel(start + timedelta(minutes=15)):
        page = walk.ask("openid", prompt="login")
        sent = {"way": "password", "password": factories.PASSWORD} | carried(page["Location"])
        back = walk.browser.post("/prove/", sent)
        assert "code" in answer(walk.browser.get(back["Location"]))


def test_silent_requests_learn_that_a_page_is_needed(walk: Walk, seed: bytes) -> None:
    walk.code("openid")
    assert answer(walk.ask("openid", prompt="none", acr_values="aal2"))["error"] == "interaction_required"
    with time_machine.travel(clock.now() + timedelta(seconds=60)):
        late = answer(walk.ask("openid", prompt="none", max_age="30"))
    assert late["error"] == "login_required"


def test_max_age_zero_asks_once(walk: Walk, seed: bytes) -> None:
    partner = Partner(walk)
    partner.prove = with_app(seed)
    with time_machine.travel(clock.now() + timedelta(seconds=5)):
        claims = partner.sign_in(acr_values="aal2", max_age="0")
    assert (partner.proofs, claims["acr"]) == (1, "aal2")


def mail_code(browser: Client, address: str) -> Any:
    browser.post("/prove/code/", carried(address))
    code = next(mail.words["code"] for mail in reversed(factories.outbox()) if "code" in mail.words)
    return browser.post("/prove/", {"way": "email_code", "code": code} | carried(address))


def test_a_challenge_that_raises_no_level_ends_as_well(customer: User, sign_in: Callable[..., Client]) -> None:
    """acr_values=aal1 says nothing of a challenge; the portal remembers what it asked for."""
    shop = open_shop(sign_in(customer))
    other = Walk(*register("Other"), shop.browser)
    other.code("openid")
    Session.objects.update(risk=Risk.MODERATE)
    asked = shop.decide_on().json()["step_up"]
    assert asked == {"acr_values": "aal1", "challenge": True, "max_age": 3600}
    wishes = {"acr_values": "aal1", "max_age": "3600"}
    assert answer(shop.ask("openid", prompt="none", **wishes))["error"] == "interaction_required"
    assert "code" in answer(shop.ask("openid"))  # who does not ask for more is not asked for more
    assert "code" in answer(other.ask("openid", **wishes))  # nor for what another partner was told
    page = shop.ask("openid", **wishes)
    assert page["Location"].startswith("/prove/")
    back = mail_code(shop.browser, page["Location"])
    shop.token = shop.redeem(answer(shop.browser.get(back["Location"]))["code"]).json()["access_token"]
    assert shop.decide_on().json()["outcome"] == "allow"
    assert "code" in answer(shop.ask("openid", **wishes))
