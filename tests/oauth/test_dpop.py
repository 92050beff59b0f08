"""Tokens are bound to a key, and each request proves that it is held (RFC 9449)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.oauth.models import AccessToken
from ciam_portal.oauth.profiles import Profile
from tests.oauth.keyed import Keyed, new_key
from tests.oauth.walk import Walk, answer, register

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile offline_access"
TOKEN = "/oauth/token/"
ME = "/oauth/userinfo/"


@pytest.fixture
def bank(customer: User, sign_in: Callable[..., Client]) -> Keyed:
    return Keyed(sign_in(customer))


def code(bank: Keyed, **changed: Any) -> str:
    return opened(bank, bank.push(**changed))


def opened(bank: Keyed, pushed: Any) -> str:
    page = bank.open(pushed.json()["request_uri"])
    return answer(bank.decide(page) if page.status_code == 200 else page)["code"]


def tokens(bank: Keyed, scope: str = OFFLINE) -> dict[str, Any]:
    found: dict[str, Any] = bank.redeem(code(bank, scope=scope)).json()
    return found


@pytest.mark.control("RFC9449-5", "RFC9449-6", "RFC9449-7.1", "v5.0.0-10.3.5")
def test_code_refresh_and_use(bank: Keyed) -> None:
    first = tokens(bank)
    assert first["token_type"] == "DPoP"
    second = bank.refresh(first["refresh_token"]).json()
    assert second["token_type"] == "DPoP"
    assert bank.get(ME, second["access_token"]).status_code == 200
    assert bank.get("/api/profile", second["access_token"])["DPoP-Nonce"]
    state = bank.introspect(second["access_token"])
    assert (state["token_type"], state["cnf"]) == ("DPoP", {"jkt": bank.holder.thumbprint()})


@pytest.mark.control("RFC9449-8", "RFC9449-9")
def test_a_nonce_of_ours_is_wanted_and_grows_old(bank: Keyed) -> None:
    token, value = tokens(bank)["access_token"], code(bank)
    for nonce in (None, "", "x", 5, "é"):
        form = {"grant_type": "authorization_code", "code": value}
        refused = bank.post(TOKEN, form, HTTP_DPOP=bank.possession("POST", TOKEN, nonce=nonce))
        assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
        assert refused["DPoP-Nonce"]
    with time_machine.travel(clock.now() + timedelta(seconds=299), tick=True):
        late = bank.get(ME, token)
        assert late.status_code in {200, 401}
        assert 'error="use_dpop_nonce"' not in late.get("WWW-Authenticate", "")
    with time_machine.travel(clock.now() + timedelta(seconds=601), tick=True):
        refused = bank.get(ME, token)
        assert refused.status_code == 401
        assert 'DPoP realm="portal", error="use_dpop_nonce"' in refused["WWW-Authenticate"]
        assert 'algs="ES256 PS256 EdDSA"' in refused["WWW-Authenticate"]


@pytest.mark.control("RFC9449-4.3")
@pytest.mark.parametrize(
    "changed",
    [
        {"typ": "JWT"}, {"typ": None}, {"jwk": None}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"htm": "POST"},
        {"htm": None}, {"htu": "http://localhost/oauth/token/"}, {"htu": "https://evil.example/oauth/userinfo/"},
        {"htu": None}, {"htu": 5}, {"htu": "http://[", "htm": "GET"}, {"iat": None}, {"iat": "now"}, {"iat": True},
        {"iat": float("inf")}, {"nbf": float("nan")},
        {"iat": 1}, {"iat": 99_999_999_999}, {"exp": 1}, {"nbf": 99_999_999_999}, {"jti": None}, {"jti": ""},
        {"jti": "x" * 129}, {"jti": 5}, {"jti": "\ud800"}, {"ath": None}, {"ath": "x"}, {"ath": 5},
    ],
)  # fmt: skip
def test_what_proves_nothing(bank: Keyed, changed: dict[str, Any]) -> None:
    token = tokens(bank)["access_token"]
    refused = bank.get(ME, token, **changed)
    assert refused.status_code == 401
    assert 'error="invalid_dpop_proof"' in refused["WWW-Authenticate"]


def test_other_keys_prove_nothing(bank: Keyed) -> None:
    token, other = tokens(bank)["access_token"], new_key()
    assert bank.get(ME, token, key=other).status_code == 401
    assert bank.get(ME, token, jwk=other.export_public(as_dict=True)).status_code == 401
    assert bank.get(ME, token, jwk=bank.holder.export_private(as_dict=True)).status_code == 401
    assert bank.get(ME, token).status_code == 200


@pytest.mark.parametrize("seconds", [-70, -10, 0, 10])
def test_clocks_may_differ_a_little(bank: Keyed, seconds: int) -> None:
    with time_machine.travel(int(clock.now().timestamp()), tick=False):
        token = tokens(bank)["access_token"]
        assert bank.get(ME, token, iat=int(clock.now().timestamp()) + seconds).status_code == 200


def test_another_spelling_of_the_address_is_the_same(bank: Keyed) -> None:
    token = tokens(bank)["access_token"]
    for htu in (f"{settings.PUBLIC_URL.upper()}{ME}?a=b", f"{settings.PUBLIC_URL}/oauth/%75serinfo/#x"):
        assert bank.get(ME, token, htu=htu).status_code == 200, htu


def test_a_proof_is_shown_once(bank: Keyed) -> None:
    token = tokens(bank)["access_token"]
    proof = bank.possession("GET", ME, token)
    seen = [bank.machine.get(ME, HTTP_AUTHORIZATION=f"DPoP {token}", HTTP_DPOP=proof).status_code for _ in range(3)]
    assert seen == [200, 401, 401]
    early = bank.possession("GET", ME, token, iat=int(clock.now().timestamp()) + 9)
    with time_machine.travel(clock.now() + timedelta(seconds=15), tick=True):
        for status in (200, 401):
            assert bank.machine.get(ME, HTTP_AUTHORIZATION=f"DPoP {token}", HTTP_DPOP=early).status_code == status


def test_without_the_cache_nothing_is_proven(bank: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens(bank)["access_token"]
    monkeypatch.setattr(cache, "add", lambda *_, **__: False)
    assert bank.get(ME, token).status_code == 401


@pytest.mark.control("RFC9449-7.2")
def test_no_way_down_to_bearer(bank: Keyed, walk: Walk) -> None:
    token = tokens(bank)["access_token"]
    as_bearer = bank.machine.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}")
    with_proof = bank.machine.get(ME, HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_DPOP=bank.possession("GET", ME, token))
    without = bank.machine.get(ME, HTTP_AUTHORIZATION=f"DPoP {token}")
    assert {each.status_code for each in (as_bearer, with_proof, without)} == {401}
    plain = walk.tokens()["access_token"]
    assert bank.get(ME, plain).status_code == 401  # a token that is bound to nothing
    assert walk.userinfo(plain).status_code == 200


def test_a_partner_of_the_profile_gets_nothing_unbound(bank: Keyed) -> None:
    value = code(bank)
    form = {"grant_type": "authorization_code", "code": value, "redirect_uri": "https://shop.example/callback"}
    refused = bank.machine.post(TOKEN, bank.proof() | form | {"code_verifier": "v" * 43})
    assert refused.json()["error"] == "invalid_dpop_proof"
    assert not AccessToken.objects.exists()
    assert bank.redeem(value).status_code == 200  # and the code is still good


@pytest.mark.control("RFC9449-10", "FAPI2-SP-5.3.2.1-12")
def test_a_code_is_bound_from_the_request_on(bank: Keyed) -> None:
    own, other = bank.holder, new_key()
    value = code(bank, dpop_jkt=own.thumbprint())
    bank.holder = other
    assert bank.redeem(value).json()["error"] == "invalid_grant"
    bank.holder = own
    assert bank.redeem(value).json()["error"] == "invalid_grant"  # spent
    bank.redeem(code(bank))
    pushed = bank.post("/oauth/par/", bank.asking(), HTTP_DPOP=bank.possession("POST", "/oauth/par/"))
    bank.holder = other
    assert bank.redeem(opened(bank, pushed)).json()["error"] == "invalid_grant"
    bank.holder = own
    mixed = bank.post(
        "/oauth/par/",
        bank.asking(dpop_jkt=other.thumbprint()),
        HTTP_DPOP=bank.possession("POST", "/oauth/par/"),
    )
    assert mixed.json()["error"] == "invalid_request"
    assert bank.push(dpop_jkt="short").json()["error"] == "invalid_request"


def test_a_refresh_token_is_bound_and_a_wrong_key_does_not_end_it(bank: Keyed) -> None:
    refresh, own = tokens(bank)["refresh_token"], bank.holder
    bank.holder = new_key()
    assert bank.refresh(refresh).json()["error"] == "invalid_grant"
    bank.holder = own
    again = [bank.refresh(refresh).json()["refresh_token"] for _ in range(2)]
    assert again[0] == again[1]
    bank.holder = new_key()
    assert bank.refresh(refresh).json()["error"] == "invalid_grant"  # the same token, another key: that is reuse
    bank.holder = own
    assert bank.refresh(again[0]).json()["error"] == "invalid_grant"


def test_public_apps_and_services_may_bind_theirs(customer: User, sign_in: Callable[..., Client]) -> None:
    app = Walk(*register("App", profile=Profile.BROWSER), sign_in(customer))
    tool = Keyed(profile=Profile.SERVICE, redirect_uris=(), post_logout_redirect_uris=(), scopes=())
    form = {"grant_type": "client_credentials"}
    assert tool.post(TOKEN, form).json()["token_type"] == "DPoP"
    proof = tool.possession("POST", TOKEN)
    answered = app.machine.post(
        TOKEN,
        {
            "grant_type": "authorization_code", "client_id": app.partner.client_id, "code": app.code("openid profile"),
            "redirect_uri": "https://shop.example/callback", "code_verifier": "v" * 43,
        },
        HTTP_DPOP=proof,
    )  # fmt: skip
    assert answered.json()["token_type"] == "DPoP"
