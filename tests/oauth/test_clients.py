"""Other people's clients: what they send, where they run, and what each of them must be able to read."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.oauth import partners
from ciam_portal.oauth.profiles import Profile
from tests.conftest import NOON
from tests.oauth.walk import CALLBACK, Walk, answer, register

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
ORIGIN = "https://spa.example"


@pytest.fixture
def spa(walk: Walk) -> Walk:
    """An app that runs in browsers."""
    partner, secret = register(
        "Spa", profile=Profile.BROWSER, redirect_uris=(f"{ORIGIN}/back",), scopes=("openid", "profile")
    )
    return Walk(partner, secret, walk.browser)


def test_a_parameter_without_a_value_counts_as_omitted(walk: Walk) -> None:
    empty = {"prompt": "", "max_age": "", "acr_values": "", "claims": "", "login_hint": "", "response_mode": ""}
    code = answer(walk.decide(walk.ask("openid", **empty, request="", request_uri="")))["code"]
    assert walk.redeem(code, scope="", resource="").status_code == 200
    assert answer(walk.ask("openid", nonce=["", "n"], response_type=""))["error"] == "invalid_request"


def test_an_answer_that_nobody_could_tell_apart_is_not_sent(walk: Walk) -> None:
    page = walk.ask(state="s" * 513)
    assert page.status_code == 400
    assert "Location" not in page
    assert "a state of more than 512 characters" in page.text


def test_unknown_scopes_are_ignored_and_the_answer_says_what_was_granted(walk: Walk) -> None:
    code = answer(walk.decide(walk.ask("openid flying email address"), scope=["email"]))["code"]
    assert walk.redeem(code).json()["scope"] == "openid email"


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth/revoke/", "/oauth/introspect/", "/oauth/userinfo/"])
@pytest.mark.parametrize("charset", ["latin-1", "UTF8"])
def test_a_body_that_cannot_be_read_is_answered_in_json(path: str, charset: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["csrf"] = "c" * 32
    said = client.generic("POST", path, b"grant_type=refresh_token", f"{FORM}; charset={charset}")
    assert said.status_code == 400
    assert said.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/staff/login/"])
def test_a_body_that_cannot_be_read_gets_the_page_that_says_so(path: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["csrf"] = "c" * 32
    said = client.post(path, b"a=b", f"{FORM}; charset=UTF8")
    assert said.status_code == 400
    assert "We could not read that request" in said.text
    assert said["Content-Security-Policy"]


def test_nor_does_the_page_for_what_is_not_there_read_it() -> None:
    said = Client().post("/nowhere/", b"a=b", f"{FORM}; charset=UTF8")
    assert said.status_code == 404
    assert "<h1>" in said.text


# Apps in browsers


@pytest.mark.control("v5.0.0-3.4.2")
@pytest.mark.parametrize(
    "origin", ["https://spa.example.evil", "https://evil.example", "null", "https://spa.example/", ""]
)
def test_no_other_origin_reads_an_answer(spa: Walk, origin: str) -> None:
    said = spa.machine.post("/oauth/token/", {}, headers={"origin": origin})
    assert "Access-Control-Allow-Origin" not in said
    assert "Origin" in said["Vary"]


def test_the_origin_of_a_confidential_partner_is_none(walk: Walk) -> None:
    said = walk.machine.post("/oauth/token/", {}, headers={"origin": "https://shop.example"})
    assert "Access-Control-Allow-Origin" not in said


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth/userinfo/", "/oauth/revoke/"])
def test_an_app_in_a_browser_reads_its_answers(spa: Walk, path: str) -> None:
    asks = {"origin": ORIGIN, "access-control-request-method": "POST", "access-control-request-headers": "dpop"}
    before = spa.machine.options(path, headers=asks)
    assert before.status_code == 204
    assert "DPoP" in before["Access-Control-Allow-Headers"]
    for said in (before, spa.machine.post(path, {}, headers={"origin": ORIGIN})):
        assert said["Access-Control-Allow-Origin"] == ORIGIN
        assert "Access-Control-Allow-Credentials" not in said


def test_a_switched_off_app_reads_none(spa: Walk) -> None:
    partners.switch(spa.partner, on=False, by=Actor.system(), at=NOON)
    assert "Access-Control-Allow-Origin" not in spa.machine.post("/oauth/token/", {}, headers={"origin": ORIGIN})


# Apps on phones and desktops


@pytest.mark.control("RFC8252-7.3", "RFC9700-2.1/a")
@pytest.mark.parametrize(
    ("sent", "allowed"),
    [
        ("http://127.0.0.1:51004/back", True),
        ("http://127.0.0.1/back", True),
        ("http://[::1]:8/back", True),
        ("http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1:51004/back?x=1", False),
        ("http://localhost:51004/back", False),
        ("http://127.0.0.1:51004@evil.example/back", False),
        ("http://127.0.0.1:510045/back", False),
        ("https://127.0.0.1:51004/back", False),
        ("com.example.app:/back", True),
        ("com.example.app:/back/", False),
    ],
)
def test_an_app_of_the_device_is_answered_on_any_port_of_its_own(walk: Walk, sent: str, allowed: bool) -> None:
    uris = ("http://127.0.0.1/back", "http://[::1]/back", "com.example.app:/back")
    partner, secret = register(
        "Desk", profile=Profile.NATIVE, redirect_uris=uris, sector="desk.example", scopes=("openid",)
    )
    desk = Walk(partner, secret, walk.browser)
    page = desk.ask("openid", redirect_uri=sent)
    assert page.status_code == (200 if allowed else 400)
    if allowed:
        back = desk.decide(page)
        assert back.status_code == 303
        assert back["Location"].startswith(f"{sent}?code=")
        code = parse_qs(urlsplit(back["Location"]).query)["code"][0]
        assert desk.redeem(code, redirect_uri=sent).status_code == 200


@pytest.mark.parametrize(
    ("uri", "profile"),
    [
        ("http://[::1]/back", Profile.STANDARD),
        ("com.example.app:/back", Profile.BROWSER),
        ("app:/back", Profile.NATIVE),
        ("javascript:/alert", Profile.NATIVE),
        ("com.example.app://host/back", Profile.NATIVE),
        ("http://10.0.0.1/back", Profile.NATIVE),
    ],
)
def test_such_addresses_are_for_apps_on_devices_and_nothing_else_is(uri: str, profile: Profile) -> None:
    with pytest.raises(partners.Unacceptable):
        register("Odd", profile=profile, redirect_uris=(uri,), scopes=("openid",))


@pytest.mark.parametrize("path", ["/oauth/authorize/", "/sign-in/", "/sign-up/"])
def test_a_partners_window_keeps_its_opener(path: str) -> None:
    assert Client().get(path)["Cross-Origin-Opener-Policy"] == "unsafe-none"
    assert Client().get("/")["Cross-Origin-Opener-Policy"] == "same-origin"


def test_create_leads_to_the_sign_up_and_on(walk: Walk) -> None:
    walk.browser = Client()
    page = walk.ask(prompt="create")
    assert page["Location"].startswith("/sign-up/?next=/oauth/authorize/")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "cross-site"}, 303),
        ({"sec-fetch-site": "cross-site", "referer": "http://testserver/sign-in/"}, 303),
        ({"referer": "http://testserver/sign-in/"}, 200),
        ({"referer": "https://shop.example/"}, 303),
        ({}, 303),
    ],
    ids=str,
)
def test_a_redirect_after_a_form_of_ours_goes_by_a_page_in_every_browser(
    walk: Walk, headers: dict[str, Any], status: int
) -> None:
    walk.code()
    path = walk.ask().wsgi_request.get_full_path()
    said = walk.browser.get(path, headers=headers)
    assert said.status_code == status
    if status == 200:
        assert CALLBACK in said.text


def test_what_a_partner_asks_for_is_counted_once_it_proved_who_it_is(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = limits.current()
    tight = replace(running, oauth=replace(running.oauth, requests_per_minute=3))
    monkeypatch.setattr(limits, "current", lambda: tight)
    stranger = {"Authorization": walk.basic("wrong")}
    for _each in range(5):
        assert walk.machine.post("/oauth/introspect/", {"token": "x"}, headers=stranger).status_code == 401
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        assert walk.machine.post("/oauth/token/", form, headers=stranger).status_code == 401
    token = walk.tokens("openid")["access_token"]
    assert walk.introspect(token)["active"] is True
    assert walk.refresh("unknown").status_code == 400
    for refused in (walk.refresh("unknown"), walk.post("/oauth/introspect/", {"token": token})):
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
        assert 0 < int(refused["Retry-After"]) <= 60
    assert walk.userinfo(token).status_code == 200
    assert Walk(*register("Other")).post("/oauth/introspect/", {"token": token}).status_code == 200
