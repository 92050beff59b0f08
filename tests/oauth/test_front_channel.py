"""What a partner may say about the sign-in it sends its customer to (OpenID Connect Core section 3.1.2.1)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import Session, User
from consent.models import Consent
from tests import factories
from tests.oauth.keyed import Keyed
from tests.oauth.walk import AFTER, Walk, answer, payload, register

pytestmark = pytest.mark.django_db


def another(walk: Walk, page: Any) -> Any:
    query = re.search(r'name="query" value="([^"]*)"', page.text)
    assert query
    return walk.browser.post("/oauth/authorize/another/", {"query": query[1].replace("&amp;", "&")})


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
def test_prompt_select_account_shows_which_one_and_offers_another(
    walk: Walk, customer: User, sign_in: Callable[..., Client]
) -> None:
    walk.code()
    page = walk.ask(prompt="select_account")
    assert page.status_code == 200
    assert customer.email in page.text
    assert "Use another account" in page.text
    assert "code" in answer(walk.decide(page))
    onward = another(walk, walk.ask(prompt="select_account"))
    assert Session.objects.filter(ended_at=None).count() == 0
    assert walk.browser.get(onward["Location"])["Location"].startswith("/sign-in/?next=/oauth/authorize/")
    other = factories.customer()
    sign_in(other, on=walk.browser)
    assert other.email in walk.browser.get(onward["Location"]).text
    assert Consent.objects.filter(customer=other).count() == 0


def test_another_account_for_what_was_pushed(customer: User, sign_in: Callable[..., Client]) -> None:
    bank = Keyed(sign_in(customer))
    page = bank.open(bank.push().json()["request_uri"])
    entry = bank.browser.get(another(bank, page)["Location"])["Location"]
    assert entry.startswith("/sign-in/")
    assert "To go on to <strong>Bank</strong>" in bank.browser.get(entry).text


def test_the_way_to_another_account_leads_nowhere_else(walk: Walk) -> None:
    assert walk.browser.get("/oauth/authorize/another/").status_code == 405
    onward = walk.browser.post("/oauth/authorize/another/", {"query": "x\r\nSet-Cookie: a=b//evil.example"})
    assert onward["Location"].startswith("/oauth/authorize/?x%0D%0A")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = walk.browser.cookies
    assert strict.post("/oauth/authorize/another/", {"query": ""}).status_code == 403


PROMPTS: list[tuple[str, bool, str]] = [
    # prompt, whether somebody is signed in (and connected), what comes of it
    ("none", False, "login_required"),
    ("none", True, "code"),
    ("login", True, "/prove/"),
    ("login consent", True, "/prove/"),
    ("login select_account", True, "/prove/"),
    ("consent", True, "page"),
    ("consent select_account", True, "page"),
    ("select_account", True, "page"),
    ("create", True, "code"),
    ("create", False, "/sign-up/"),
    ("login", False, "/sign-in/"),
    ("consent", False, "/sign-in/"),
    ("select_account", False, "/sign-in/"),
    ("none login", True, "invalid_request"),
    ("none select_account", True, "invalid_request"),
    ("create select_account", True, "invalid_request"),
    ("dance", True, "invalid_request"),
    ("LOGIN", True, "invalid_request"),
]


@pytest.mark.control("OIDC-Core-3.1.2.1/prompt")
@pytest.mark.parametrize(("prompt", "is_in", "outcome"), PROMPTS)
def test_prompt_in_all_values(walk: Walk, prompt: str, is_in: bool, outcome: str) -> None:
    walk.code("openid")
    walk.browser = walk.browser if is_in else Client()
    page = walk.ask("openid", prompt=prompt)
    if outcome == "page":
        assert page.status_code == 200
    elif outcome.startswith("/"):
        assert page["Location"].startswith(outcome)
    else:
        words = answer(page)
        assert words.get("error", "code") == outcome


@pytest.mark.parametrize("how", ["plain", "pushed", "signed"])
def test_oidcc_login_hint(how: str) -> None:
    bank = Keyed()
    match how:
        case "plain":
            bank = Walk(*register())  # type: ignore[assignment]
            page = bank.ask(login_hint="ada@example.com")
        case "pushed":
            page = bank.open(bank.push(login_hint="ada@example.com").json()["request_uri"])
        case _:
            signed = bank.request_object(login_hint="ada@example.com")
            uri = bank.post("/oauth/par/", {"request": signed}).json()["request_uri"]
            page = bank.open(uri)
    assert 'value="ada@example.com"' in bank.browser.get(page["Location"]).text


def test_a_hint_that_another_browser_pushed_fills_in_nothing_here() -> None:
    bank = Keyed()
    page = bank.open(bank.push(login_hint="ada@example.com").json()["request_uri"])
    assert "ada@example.com" not in Client().get(page["Location"]).text


@pytest.mark.parametrize(
    ("locales", "found"), [("de en", "en"), ("xx en-GB fr", "en"), ("de", None), ("<script>", None), ("x" * 900, None)]
)
def test_oidcc_ui_locales(walk: Walk, locales: str, found: str | None) -> None:
    walk.browser = Client()
    page = walk.ask(ui_locales=locales)
    kept = [cookie.value for name, cookie in page.cookies.items() if name.endswith("language")]
    assert kept == ([found] if found else [])
    assert walk.browser.get(page["Location"]).status_code == 200


@pytest.mark.parametrize("display", ["page", "popup", "touch", "wap", "hologram"])
def test_oidcc_display(walk: Walk, display: str) -> None:
    assert walk.ask(display=display).status_code == 200  # one page for all of them


@pytest.mark.control("OIDC-Core-2/auth_time", "OIDC-Core-3.1.2.1/max_age")
def test_oidcc_max_age_10000(walk: Walk) -> None:
    claims = payload(walk.tokens("openid", max_age="10000")["id_token"])
    assert claims["auth_time"] == int(Session.objects.get().auth_time.timestamp())


# --- RP-initiated logout

LEAVING: list[tuple[str, dict[str, Any], int]] = [
    # name of the conformance module, what is sent, and the answer: 303 signed out and away, 200 asked or told, 400
    ("rp_initiated_logout", {"hint": True, "post_logout_redirect_uri": AFTER, "state": "s-1"}, 303),
    ("rp_initiated_logout_no_state", {"hint": True, "post_logout_redirect_uri": AFTER}, 303),
    ("rp_initiated_logout_only_state", {"state": "s-1"}, 200),
    ("rp_initiated_logout_no_params", {}, 200),
    ("rp_initiated_logout_no_post_logout_redirect_uri", {"hint": True, "state": "s-1"}, 200),
    ("rp_initiated_logout_no_id_token_hint", {"client": True, "post_logout_redirect_uri": AFTER}, 200),
    ("rp_initiated_logout_bad_id_token_hint", {"id_token_hint": "x", "post_logout_redirect_uri": AFTER}, 400),
    ("rp_initiated_logout_bad_post_logout_redirect_uri", {"hint": True, "post_logout_redirect_uri": AFTER + "x"}, 400),
    (
        "rp_initiated_logout_query_added_to_post_logout_redirect_uri",
        {"hint": True, "post_logout_redirect_uri": AFTER + "?x=1"},
        400,
    ),
    (
        "unknown_parameters",
        {"hint": True, "post_logout_redirect_uri": AFTER, "ui_locales": "de", "logout_hint": "a"},
        303,
    ),
    ("long_state", {"hint": True, "post_logout_redirect_uri": AFTER, "state": "s" * 512}, 303),
    ("longer_state", {"hint": True, "post_logout_redirect_uri": AFTER, "state": "s" * 513}, 400),
]


@pytest.mark.control("OIDC-RPLogout-2")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "said", "status"), LEAVING, ids=lambda part: part if isinstance(part, str) else "")
def test_oidcc(walk: Walk, name: str, said: dict[str, Any], status: int, method: str) -> None:
    token = walk.tokens("openid")["id_token"]
    form = {key: value for key, value in said.items() if key not in {"hint", "client"}}
    form |= {"id_token_hint": token} if "hint" in said else {}
    form |= {"client_id": walk.partner.client_id} if "client" in said else {}
    if method == "post":  # from the partner's site, without our cookies
        moved = Client().post("/oauth/logout/", form)
        assert moved.status_code == 303
        page = walk.browser.get(moved["Location"])
    else:
        page = walk.browser.get("/oauth/logout/", form)
    assert page.status_code == status
    is_out = Session.objects.filter(ended_at=None).count() == 0
    assert is_out is ("hint" in said and status != 400)
    if status == 303:
        assert page["Location"] == AFTER + (f"?state={form['state']}" if "state" in form else "")
    else:
        assert "Location" not in page


def test_without_a_session_it_goes_where_the_partner_registered(walk: Walk) -> None:
    token = walk.tokens("openid")["id_token"]
    leaving = {"post_logout_redirect_uri": AFTER, "state": "s-1"}
    for hint in ({"id_token_hint": token}, {"client_id": walk.partner.client_id}):
        assert Client().get("/oauth/logout/", leaving | hint)["Location"] == f"{AFTER}?state=s-1"
    assert Client().get("/oauth/logout/", leaving).status_code == 400
    assert Client().get("/oauth/logout/").status_code == 200


def test_after_the_customer_said_yes_there_is_a_way_back_with_the_state(walk: Walk) -> None:
    asked = {"client_id": walk.partner.client_id, "post_logout_redirect_uri": AFTER, "state": "s" * 500}
    page = walk.browser.get("/oauth/logout/", asked)
    query = re.search(r'name="query" value="([^"]*)"', page.text)
    assert query
    done = walk.browser.post("/oauth/logout/confirm/", {"query": query[1].replace("&amp;", "&")})
    link = re.search(rf'href="({AFTER}[^"]*)"', done.text)
    assert link
    assert parse_qs(urlsplit(link[1]).query) == {"state": ["s" * 500]}


@pytest.mark.control("OIDC-RPLogout-2")
def test_a_hint_of_an_earlier_session_asks_first(customer: User, sign_in: Callable[..., Client]) -> None:
    walk = Walk(*register(backchannel_logout_uri="https://shop.example/over"), sign_in(customer))
    former = walk.tokens("openid")["id_token"]
    assert payload(former)["sid"]
    walk.browser = sign_in(customer, on=Client())
    assert walk.browser.get("/oauth/logout/", {"id_token_hint": former}).status_code == 200
    assert walk.browser.get("/security/").status_code == 200
    own = walk.tokens("openid")["id_token"]
    assert (
        walk.browser.get("/oauth/logout/", {"id_token_hint": own, "post_logout_redirect_uri": AFTER}).status_code == 303
    )
    assert walk.browser.get("/security/").status_code == 302


def test_a_partner_that_is_off_sends_nobody_anywhere(walk: Walk) -> None:
    token = walk.tokens("openid")["id_token"]
    type(walk.partner).objects.update(is_enabled=False)
    leaving = {"id_token_hint": token, "post_logout_redirect_uri": AFTER}
    assert walk.browser.get("/oauth/logout/", leaving).status_code == 400
    assert walk.browser.get("/oauth/logout/", {"id_token_hint": token}).status_code == 200
    assert Session.objects.filter(ended_at=None).count() == 1
