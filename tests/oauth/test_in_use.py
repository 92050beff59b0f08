"""Tokens in use: what opens a resource, what ends it at the next request, who may ask about it, what it costs."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.account import flows as account
from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import AccessToken, RefreshToken
from ciam_portal.oauth.profiles import Profile
from consent.models import Consent
from consent.permission import flows as consent_flows
from tests.factories import at_home
from tests.oauth.walk import Walk, register

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile offline_access"


def test_an_access_token_expires(walk: Walk) -> None:
    tokens = walk.tokens()
    with time_machine.travel(clock.now() + timedelta(seconds=limits.current().oauth.access_token_seconds)):
        refused = walk.userinfo(tokens["access_token"])
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused["WWW-Authenticate"]


@pytest.mark.control("v5.0.0-9.2.2")
@pytest.mark.parametrize("path", ["/oauth/userinfo/", "/api/profile"])
def test_only_access_tokens_open_resources(walk: Walk, path: str) -> None:
    tokens = walk.tokens(OFFLINE)
    assert walk.get(path, tokens["access_token"]).status_code == 200
    for other in (tokens["id_token"], tokens["refresh_token"], "", "x" * 5000, "\u2603"):
        assert walk.machine.get(path, headers={"Authorization": f"Bearer {other}"}).status_code in {400, 401}
    assert walk.machine.get(path, {"access_token": tokens["access_token"]}).status_code in {400, 401}
    assert "WWW-Authenticate" in walk.machine.get(path)


def test_an_app_has_looked_once_it_got_an_id_token_and_with_each_one_after(walk: Walk) -> None:
    code = walk.code(OFFLINE)
    assert Consent.objects.get().last_used_at is None
    tokens, at = walk.redeem(code).json(), clock.now()
    assert Consent.objects.filter(last_used_at__gt=at - timedelta(seconds=5)).exists()
    with time_machine.travel(at + timedelta(hours=1), tick=False):
        assert "id_token" in walk.refresh(tokens["refresh_token"]).json()
        assert Consent.objects.get().last_used_at == clock.now()


ENDS = {
    "consent": lambda walk, by: consent_flows.withdraw(Consent.objects.get(), by=by, at=clock.now()),
    "password": lambda walk, by: account.restore_access(
        User.objects.get(pk=by.id), "another quiet passphrase", by=by, at=clock.now()
    ),
    "session": lambda walk, by: sessions.end(Session.objects.get(), by=by, at=clock.now()),
    "everywhere": lambda walk, by: sessions.end_all(User.objects.get(pk=by.id), by=by, at=clock.now()),
    "closed": lambda walk, by: User.objects.update(is_active=False),
    "partner": lambda walk, by: type(walk.partner).objects.update(is_enabled=False),
}


@pytest.mark.control("v5.0.0-7.4.2", "v5.0.0-8.3.2", "v5.0.0-10.4.9", "GDPR 7(3)")
@pytest.mark.parametrize("cause", ENDS)
def test_every_end_bites_at_the_next_request(walk: Walk, by: Actor, cause: str) -> None:
    tokens = walk.tokens(OFFLINE)
    ENDS[cause](walk, by)
    assert walk.userinfo(tokens["access_token"]).status_code == 401
    assert walk.get("/api/profile", tokens["access_token"]).status_code == 401
    assert walk.refresh(tokens["refresh_token"]).status_code in {400, 401}


def test_a_narrowed_consent_bites_at_the_next_request(walk: Walk, by: Actor) -> None:
    tokens = walk.tokens("openid email")
    assert "email" in walk.userinfo(tokens["access_token"]).json()
    Consent.objects.update(scopes=["openid"])
    assert "email" not in walk.userinfo(tokens["access_token"]).json()


@pytest.mark.control("RFC7662-2.1")
def test_introspection_tells_a_partner_of_its_own_tokens_only(walk: Walk) -> None:
    token = walk.tokens()["access_token"]
    assert walk.introspect(token)["active"] is True
    assert Walk(*register("Other")).introspect(token) == {"active": False}
    User.objects.update(is_active=False)
    assert walk.introspect(token) == {"active": False}


@pytest.mark.control("RFC7662-2.1", "RFC9470-6")
def test_introspection_says_how_and_when_the_customer_proved_who_they_are(walk: Walk) -> None:
    told = walk.introspect(walk.tokens("openid email")["access_token"])
    assert (told["acr"], told["amr"], told["scope"]) == ("aal1", ["pwd"], "openid email")
    assert 0 <= clock.now().timestamp() - told["auth_time"] < 60
    assert 0 < told["exp"] - told["iat"] <= 300


def test_introspection_wants_a_partner_that_proves_itself(walk: Walk) -> None:
    token = walk.tokens()["access_token"]
    assert walk.machine.post("/oauth/introspect/", {"token": token}).status_code == 401
    headers = {"Authorization": walk.basic("wrong")}
    assert walk.machine.post("/oauth/introspect/", {"token": token}, headers=headers).status_code == 401


@pytest.mark.control("RFC7009-2")
def test_revocation_ends_the_family_and_never_anothers(walk: Walk) -> None:
    tokens = walk.tokens(OFFLINE)
    Walk(*register("Other")).post("/oauth/revoke/", {"token": tokens["refresh_token"]})
    assert walk.userinfo(tokens["access_token"]).status_code == 200
    assert walk.post("/oauth/revoke/", {"token": tokens["refresh_token"]}).status_code == 200
    assert walk.userinfo(tokens["access_token"]).status_code == 401
    assert walk.post("/oauth/revoke/", {"token": "unknown"}).status_code == 200


@pytest.mark.control("OIDC-Disc-4.2")
def test_oidcc_discovery_endpoint_verification(client: Client, settings: Any) -> None:
    words = client.get("/.well-known/openid-configuration").json()
    assert words["issuer"] == settings.PUBLIC_URL
    assert words["response_types_supported"] == ["code"]
    assert words["code_challenge_methods_supported"] == ["S256"]
    assert words["id_token_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA", "RS256"]
    assert words["authorization_response_iss_parameter_supported"] is True
    assert words["request_parameter_supported"] is True
    assert set(words["acr_values_supported"]) == {"aal1", "aal2", "phr"}
    assert client.get("/.well-known/oauth-authorization-server").json()["issuer"] == settings.PUBLIC_URL
    keys = client.get("/.well-known/jwks.json").json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256"}
    assert all("d" not in key for key in keys)


class TestStatements:
    """Hot paths and what they cost; one holds customer and session, one writes the ledger.

    What the customer said is read with the code or token. The library itself takes 16, 17, 1, 2.
    """

    def test_code_exchange(self, walk: Walk, django_assert_max_num_queries: Any) -> None:
        walk.introspect("x")  # that the partner was here is written now and then
        code = walk.code(OFFLINE)
        with django_assert_max_num_queries(14):
            assert walk.redeem(code).status_code == 200

    def test_refresh(self, walk: Walk, django_assert_max_num_queries: Any) -> None:
        token = walk.tokens(OFFLINE)["refresh_token"]
        with django_assert_max_num_queries(14):
            assert walk.refresh(token).status_code == 200

    @pytest.mark.parametrize("path", ["/oauth/userinfo/", "/api/profile"])
    def test_resources(self, walk: Walk, path: str, django_assert_max_num_queries: Any) -> None:
        token = walk.tokens()["access_token"]
        walk.get(path, token)
        with django_assert_max_num_queries(2):
            assert walk.get(path, token).status_code == 200

    def test_introspection(self, walk: Walk, django_assert_max_num_queries: Any) -> None:
        token = walk.tokens()["access_token"]
        with django_assert_max_num_queries(4):
            walk.introspect(token)

    def test_client_credentials(self, db: None, django_assert_max_num_queries: Any) -> None:
        machine = Walk(*register("Robot", profile=Profile.SERVICE))
        form = {"grant_type": "client_credentials"}
        machine.post("/oauth/token/", form)  # the first in a day is kept whole
        with django_assert_max_num_queries(5):
            machine.post("/oauth/token/", form)

    def test_password_sign_in(self, customer: User, django_assert_max_num_queries: Any) -> None:
        form, browser = {"login": customer.email, "password": "correct horse battery staple"}, Client()
        at_home(browser, customer)
        browser.post("/sign-in/", form)
        browser.post("/sign-out/")
        with django_assert_max_num_queries(23):  # 6 of these are savepoints of the test
            assert browser.post("/sign-in/", form).status_code == 302


@pytest.mark.control("v5.0.0-7.4.3")
@pytest.mark.parametrize("which", ["this", "all others"])
def test_whoever_ends_sessions_ends_what_apps_hold(walk: Walk, customer: User, by: Actor, which: str) -> None:
    """After a new password what an app holds from the session that goes on is dead too: it may be a thief's app."""
    walk.tokens(OFFLINE)
    here = Session.objects.get(customer=customer)
    if which == "this":
        sessions.end(here, by=by, at=clock.now())
    else:
        sessions.end_all(customer, by=by, at=clock.now(), keep=here)
    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
