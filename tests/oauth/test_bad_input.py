"""Each parameter of each endpoint missing, doubled, oversized, odd; and each one-time value at each door."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.budgets import counter
from accounts.models import User
from ciam_portal.oauth.ciba import GRANT as CIBA
from ciam_portal.oauth.pushed import PREFIX
from ciam_portal.oauth.views import GRANTS
from tests.oauth.test_details import PAYMENT, Bank, open_bank
from tests.oauth.test_device import GRANT, Television
from tests.oauth.walk import AFTER, CALLBACK, VERIFIER, Walk, challenge

pytestmark = pytest.mark.django_db

_ASKED = {
    "client_id": "…", "redirect_uri": CALLBACK, "response_type": "code", "response_mode": "query", "scope": "openid",
    "state": "s", "nonce": "n", "code_challenge": challenge(), "code_challenge_method": "S256", "prompt": "consent",
    "max_age": "60", "acr_values": "aal1", "claims": "{}", "id_token_hint": "x", "login_hint": "x", "ui_locales": "de",
    "display": "page", "dpop_jkt": challenge(), "request": "x.y.z", "request_uri": "urn:x",
    "resource": "https://x.example/", "authorization_details": "[]",
}  # fmt: skip
_PROOF = {
    "client_id": "…", "client_secret": "…", "client_assertion": "x.y.z", "client_assertion_type": "x",
    "scope": "openid", "resource": "https://x.example/", "authorization_details": "[]",
}  # fmt: skip
_GRANTS = {
    "authorization_code": {"code": "x", "redirect_uri": CALLBACK, "code_verifier": VERIFIER},
    "refresh_token": {"refresh_token": "x"},
    "client_credentials": {},
    GRANT: {"device_code": "x"},
    CIBA: {"auth_req_id": "x"},
}
FORMS: dict[str, tuple[str, str, dict[str, str]]] = {
    "authorize": ("get", "/oauth/authorize/", _ASKED),
    "push": ("post", "/oauth/par/", _ASKED | _PROOF),
    "introspect": ("post", "/oauth/introspect/", {"token": "x", "token_type_hint": "access_token"}),
    "revoke": ("post", "/oauth/revoke/", {"token": "x", "token_type_hint": "access_token"}),
    "ask": (
        "post", "/oauth/bc-authorize/",
        _PROOF | {"login_hint": "x", "binding_message": "x", "requested_expiry": "6", "client_notification_token": "x"},
    ),
    "device": ("post", "/oauth/device/", {"scope": "openid"} | _PROOF),
    "logout": (
        "get", "/oauth/logout/",
        {"id_token_hint": "x", "client_id": "…", "post_logout_redirect_uri": AFTER, "state": "s", "logout_hint": "x"},
    ),
} | {
    f"token, {name}": ("post", "/oauth/token/", {"grant_type": name} | _PROOF | form) for name, form in _GRANTS.items()
}  # fmt: skip
ODD = (
    "x" * 9000, "\x00", "a\x00b", "\r\nx", "{}", "[]", "null", "-1", "9" * 40, "٣", "\u202e", "'\"<>&;", "%", "=",
    "\ud800", "http://[", "urn:ietf:params:oauth:request_uri:", "💥" * 200,
)  # fmt: skip


def mutated(form: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The form with one parameter missing, twice, or odd; in its name, too."""
    for name, own in form.items():
        others = [(each, value) for each, value in form.items() if each != name]
        yield f"{name} missing", others
        yield f"{name} empty", [*others, (name, "")]
        yield f"{name} twice", [*others, (name, own), (name, "other")]
        for value in ODD:
            yield f"{name} odd: {value[:12]!r}", [*others, (name, value)]
    yield "a name that is odd", [*form.items(), ("x" * 9000, "x"), ("\x00", "\x00")]
    yield "an array", [(f"{name}[]", value) for name, value in form.items()]


def test_every_grant_is_here() -> None:
    assert set(_GRANTS) >= set(GRANTS) - {"urn:ietf:params:oauth:grant-type:token-exchange"}


@pytest.mark.control("v5.0.0-2.2.1")
@pytest.mark.parametrize("endpoint", FORMS)
def test_no_parameter_breaks_an_endpoint(walk: Walk, endpoint: str) -> None:
    method, path, form = FORMS[endpoint]
    known = {"client_id": walk.partner.client_id, "client_secret": walk.secret}
    form = {name: known.get(name, value) if value == "…" else value for name, value in form.items()}
    header: dict[str, Any] = {} if method == "get" or "client_secret" in form else {"HTTP_AUTHORIZATION": walk.basic()}
    for what, pairs in mutated(form):
        cache.clear()
        sent = urlencode(pairs, errors="surrogatepass")
        if method == "get":
            response = walk.machine.get(f"{path}?{sent}")
            assert response.status_code < 500, what
            continue
        response = walk.machine.post(path, sent, content_type="application/x-www-form-urlencoded", **header)
        assert response.status_code in {200, 201, 400, 401, 429}, (what, response.status_code)
        is_one_too_many = (what.endswith("twice") and not what.startswith("resource")) or "xxxx" in what
        if is_one_too_many:
            assert response.json()["error"] == "invalid_request", what
        assert "Traceback" not in response.text


@pytest.mark.parametrize("endpoint", FORMS)
def test_no_body_breaks_an_endpoint(walk: Walk, endpoint: str) -> None:
    method, path, _form = FORMS[endpoint]
    headers: list[dict[str, Any]] = [{}, {"HTTP_AUTHORIZATION": "Basic \u00ff"}, {"HTTP_DPOP": "x"}]
    headers.append({"HTTP_AUTHORIZATION": walk.basic()})
    for body, kind in (
        (b"", "application/x-www-form-urlencoded"), (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b'{"grant_type": "x"}', "application/json"), (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"a=b&" * 1200, "application/x-www-form-urlencoded"), (b"x", "multipart/form-data"),
    ):  # fmt: skip
        for header in headers:
            response = walk.machine.generic(method.upper(), path, body, content_type=kind, **header)
            assert response.status_code < 500, (body[:20], kind, response.status_code)


class Doors:
    """One of each one-time value, and the door of each."""

    def __init__(self, bank: Bank, tv: Television, customer: User) -> None:
        self.bank, self.tv, self.customer = bank, tv, customer.pk
        bank.approved(PAYMENT, scope="openid offline_access")
        waits = tv.start()
        self.values: dict[str, str] = {
            "approval": bank.pay().json()["approval"],
            "access token": bank.token,
            "refresh token": bank.tokens("openid offline_access")["refresh_token"],
            "code": bank.code("openid"),
            "request_uri": bank.push().json()["request_uri"].removeprefix(PREFIX),
            "device code": tv.allowed(scope="openid"),
            "user code": waits["user_code"],
            "waiting device code": waits["device_code"],
        }
        self.doors: dict[str, Callable[[str], bool]] = {
            "approval": lambda value: bank.finish(value).status_code == 200,
            "access token": lambda value: bank.userinfo(value).status_code == 200,
            "refresh token": lambda value: bank.refresh(value).status_code == 200,
            "code": lambda value: bank.redeem(value).status_code == 200,
            "request_uri": self.opens,
            "device code": lambda value: tv.poll(value).status_code == 200,
            "user code": self.typed,
        }

    def typed(self, value: str) -> bool:
        cache.delete(counter._key("user_codes", str(self.customer)))
        return bool(self.tv.type_code(value).status_code == 302)

    def opens(self, value: str) -> bool:
        query = {"client_id": self.bank.partner.client_id, "request_uri": PREFIX + value}
        return bool(self.bank.browser.get("/oauth/authorize/", query).status_code in {200, 302, 303})


@pytest.mark.control("RFC9126-7.3")
def test_no_one_time_value_is_taken_for_another(customer: User, sign_in: Callable[..., Client]) -> None:
    browser = sign_in(customer)
    world = Doors(open_bank(browser), Television(browser), customer)
    for kind, value in world.values.items():
        for door, accepts in world.doors.items():
            if door != kind:
                assert not accepts(value), (kind, door)
    assert {door: accepts(world.values[door]) for door, accepts in world.doors.items()} == dict.fromkeys(
        world.doors, True
    )
