"""What the library and we keep on its request, no field of a form can say."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory
from oauthlib.common import Request

from accounts.models import User
from ciam_portal.oauth import authentication, backend, exchange
from ciam_portal.oauth.scopes import GRANT_QUERY
from consent.release import enforcement, wanted
from tests.oauth.test_device import GRANT, Television
from tests.oauth.walk import CALLBACK, VERIFIER, Walk, answer, challenge, register

_SOURCES = [inspect.getsource(each) for each in (authentication, backend, exchange, enforcement, wanted)]
_READ = {name for text in _SOURCES for pair in re.findall(r'request\.(\w+)|request, "(\w+)"', text) for name in pair}
KEPT = (_READ | set(Request("/")._params)) - backend._FIELDS - set(vars(Request("/"))) - {""}
_ASKED = {
    "acr_values", "claims", "code_challenge", "code_challenge_method", "display", "id_token_hint", "login_hint",
    "max_age", "nonce", "prompt", "response_mode", "response_type", "state", "ui_locales",
}  # fmt: skip
"""What an authorization request says, under the same names."""


@pytest.mark.control("v5.0.0-15.3.3")
def test_none_of_it_can_be_posted() -> None:
    assert {"issued", "exchanged", "target", "user", "client", "scopes", "code_challenge", "extra_credentials"} <= KEPT
    posted = RequestFactory().post("/oauth/token/", dict.fromkeys(KEPT, "1"))
    found = Request(*backend.core()._extract_params(posted))
    assert {name for name in KEPT if getattr(found, name, None) is not None} == set()


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-15.3.3")
def test_posted_everywhere_it_changes_nothing(customer: User, sign_in: Callable[..., Client]) -> None:
    words: dict[str, Any] = {"may_exchange": True, "scopes": ("openid", "profile", "offline_access", GRANT_QUERY)}
    shop = Walk(*register(**words), sign_in(customer))
    tv = Television(shop.browser)
    held = [shop.tokens("openid profile offline_access") for _ in range(4)]
    swapped = {"subject_token_type": exchange.ACCESS_TOKEN, "subject_token": held[0]["access_token"]}
    code = {"code": shop.code("openid profile"), "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    asked = {"response_type": "code", "redirect_uri": CALLBACK, "code_challenge": challenge(), "scope": "openid"}
    rows: tuple[tuple[Walk, str, str, dict[str, str]], ...] = (
        (shop, "token", "openid profile", {"grant_type": "authorization_code"} | code),
        (shop, "token", "openid", {"grant_type": exchange.GRANT, "scope": "openid"} | swapped),
        (shop, "token", "openid", {
            "grant_type": "refresh_token", "refresh_token": held[1]["refresh_token"], "scope": "openid",
        }),
        (shop, "token", GRANT_QUERY, {"grant_type": "client_credentials", "scope": GRANT_QUERY}),
        (tv, "token", "openid profile", {"grant_type": GRANT, "device_code": tv.allowed(scope="openid profile")}),
        (tv, "device", "", {"scope": "openid"}),
        (shop, "introspect", "openid profile offline_access", {"token": held[2]["access_token"]}),
        (shop, "revoke", "", {"token": held[3]["access_token"]}),
        (shop, "par", "", asked | {"code_challenge_method": "S256"}),
    )  # fmt: skip
    for who, where, scope, form in rows:
        response: Any = who.post(f"/oauth/{where}/", dict.fromkeys(KEPT - _ASKED, "1") | form)
        assert response.status_code == (201 if where == "par" else 200), (form, response.content)
        if scope:
            said = response.json()
            assert said["scope"] == scope, form
            assert "1" not in said.values(), form
    shown = shop.ask("openid", **dict.fromkeys(KEPT - _ASKED, "1"))
    assert answer(shown)["code"]
