"""What a proxy is told about each request, and how a browser gets from the portal to an application and out again."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as configured
from django.test import Client

from accounts.models import Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.gateway.models import Entry
from ciam_portal.oauth import jwts, keys
from tests.gateway.conftest import KEY, Browser

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def claims(answer: Any) -> dict[str, Any]:
    found = jwts.read(answer["X-Gateway-Identity"], keys.named, algorithms=("ES256",), kinds=("gateway+jwt",))
    assert found is not None
    return found


def test_a_browser_is_led_to_the_portal_and_back_to_the_page_it_asked_for(browser: Browser, customer: User) -> None:
    refused = browser.asks("/orders/7?tab=2&x=%20")
    assert refused.status_code == 401
    assert refused["X-Gateway-Location"].startswith(f"{configured.PUBLIC_URL}/gateway/enter?")
    arrived = browser.arrives(browser.follows(refused))
    assert (arrived.status_code, arrived["Location"]) == (302, "https://shop.example.com/orders/7?tab=2&x=%20")
    answer = browser.asks("/orders/7?tab=2&x=%20")
    assert answer.status_code == 204
    said = claims(answer)
    assert (said["aud"], said["iss"], said["acr"]) == ("https://shop.example.com", configured.PUBLIC_URL, "aal1")
    assert said["sub"] != str(customer.pk)
    assert 0 < said["exp"] - clock.now().timestamp() <= 60
    assert not {"email", "name"} & set(said)  # nothing that the route does not ask
    assert claims(browser.asks("/me"))["email"] == customer.email
    assert claims(browser.asks("/me"))["sub"] == said["sub"]


def test_the_value_is_the_hosts_own_and_nothing_of_the_portals_goes_there(browser: Browser) -> None:
    assert browser.goes_to("/").status_code == 204
    jar = browser.jars["shop.example.com"].cookies
    held = {name: each for name, each in jar.items() if each.value}
    assert set(held) == {"__Host-gateway", "__Host-gateway-state"}
    assert all(each["secure"] and each["httponly"] and each["samesite"] == "Lax" for each in held.values())
    assert not {each.value for each in held.values()} & {each.value for each in browser.portal.cookies.values()}
    assert held["__Host-gateway"].value not in str(list(Entry.objects.values()))
    browser.jars["wiki.example.com"].cookies["__Host-gateway"] = held["__Host-gateway"].value
    assert browser.asks("/pages/1", host="wiki.example.com").status_code == 401
    assert browser.goes_to("/pages/1", host="wiki.example.com").status_code == 204
    assert browser.asks("/").status_code == 204


def test_each_application_knows_the_customer_by_another_name(browser: Browser) -> None:
    shop, wiki = claims(browser.goes_to("/")), claims(browser.goes_to("/pages", host="wiki.example.com"))
    assert shop["sub"] != wiki["sub"]


def test_a_session_that_ends_is_over_at_the_next_request(browser: Browser, customer: User) -> None:
    assert browser.goes_to("/").status_code == 204
    sessions.end_all(customer, by=SYSTEM, at=clock.now())
    assert browser.asks("/").status_code == 401


@pytest.mark.parametrize("field", ["is_active", "locked", "suspended", "idle"])
def test_so_it_is_when_what_it_rests_on_falls(browser: Browser, customer: User, field: str) -> None:
    assert browser.goes_to("/").status_code == 204
    now = clock.now()
    match field:
        case "is_active":
            User.objects.update(is_active=False)
        case "locked":
            User.objects.update(locked_at=now, way_back="mail")
        case "suspended":
            User.objects.update(suspended_until=now + timedelta(hours=1))
        case "idle":
            Session.objects.update(last_used_at=now - timedelta(hours=2))
    assert browser.asks("/").status_code == 401


def test_what_needs_more_proof_leads_to_proving_and_says_no_to_what_is_no_page(browser: Browser) -> None:
    assert browser.goes_to("/").status_code == 204
    refused = browser.asks("/admin/users")
    assert refused.status_code == 401
    assert browser.follows(refused)["Location"].startswith("/prove/?ref=")
    picture = browser.asks("/admin/logo.png", Accept="image/*")
    assert (picture.status_code, "X-Gateway-Location" in picture) == (403, False)
    script = browser.asks("/admin/data", **{"Sec-Fetch-Mode": "cors"})
    assert (script.status_code, "X-Gateway-Location" in script) == (403, False)


def test_once_it_is_proven_the_same_value_opens_it(
    browser: Browser, customer: User, sign_in: Callable[..., Client]
) -> None:
    assert browser.goes_to("/").status_code == 204
    Session.objects.update(level=2, level_at=clock.now(), challenged_at=clock.now(), methods=["password", "totp"])
    answer = browser.asks("/admin/users")
    assert answer.status_code == 204
    assert claims(answer)["acr"] == "aal2"


def test_a_form_comes_back_to_its_page_once_its_own_action_is_allowed(browser: Browser) -> None:
    assert browser.goes_to("/orders").status_code == 204
    refused = browser.asks("/orders", method="POST", Referer="https://shop.example.com/orders/new?x=1")
    query = parse_qs(urlsplit(refused["X-Gateway-Location"]).query)
    assert (query["method"], query["back"]) == (["POST"], ["/orders/new"])
    assert browser.follows(refused)["Location"].startswith("/prove/?ref=")
    elsewhere = browser.asks("/orders", method="POST", Referer="https://evil.example.com/orders/new")
    assert parse_qs(urlsplit(elsewhere["X-Gateway-Location"]).query)["back"] == ["/"]


def test_what_is_public_asks_nobody_and_names_nobody(browser: Browser, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = browser.asks("/static/site.css")
    assert (answer.status_code, "X-Gateway-Identity" in answer) == (204, False)


def test_two_statements_answer_and_what_is_ordinary_leaves_no_row(
    browser: Browser, django_assert_num_queries: Any
) -> None:
    browser.goes_to("/")
    before = AuditEntry.objects.count(), DecisionEntry.objects.count()
    with django_assert_num_queries(2):  # the session with what its customer said, the ledger
        assert browser.asks("/").status_code == 204
    assert (AuditEntry.objects.count(), DecisionEntry.objects.count()) == before


def test_what_is_sensitive_or_refused_is_kept_once_a_day_and_counted(browser: Browser) -> None:
    browser.goes_to("/")
    for _ in range(3):
        assert browser.asks("/admin/a", Accept="image/*").status_code == 403
    row = AuditEntry.objects.get(name="gateway.answered")
    assert row.stands_for == 3
    assert (row.data["app"], row.data["action"], row.data["answer"]) == ("shop", "gateway.admin", "step_up")
    assert DecisionEntry.objects.get(action="gateway.admin").pk == row.decision


@pytest.mark.parametrize(
    ("uri", "host"),
    [("/", "other.example.com"), ("/", ""), ("/", "id.example.com"),
     ("/x/../admin", "shop.example.com"), ("", "shop.example.com")],
)  # fmt: skip
def test_an_unknown_host_or_path_is_no(browser: Browser, uri: str, host: str) -> None:
    browser.goes_to("/")
    assert browser.asks(uri, host=host).status_code == 403


@pytest.mark.parametrize(
    "name",
    ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"],
)
def test_a_request_that_says_it_is_another_is_no(browser: Browser, name: str) -> None:
    browser.goes_to("/")
    assert browser.asks("/", **{name: "/admin"}).status_code == 403


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], KEY + "x", "ä"])
@pytest.mark.parametrize(
    "path",
    ["/gateway/check", "/gateway/check/forward", "/gateway/check/envoy/", "/gateway/arrive", "/gateway/leave"],
)  # fmt: skip
def test_whoever_is_no_proxy_of_ours_reads_that_there_is_nothing(browser: Browser, path: str, key: str) -> None:
    browser.goes_to("/")
    said = {"X-Gateway-Key": key, "X-Gateway-Host": "shop.example.com", "X-Gateway-Method": "GET", "X-Gateway-Uri": "/"}
    answer = browser.jars["shop.example.com"].get(path, headers=said)
    assert (answer.status_code, answer.content, "X-Gateway-Identity" in answer) == (404, b"", False)


class TestHandover:
    def test_a_code_works_once(self, browser: Browser) -> None:
        led = browser.follows(browser.asks("/"))
        assert browser.arrives(led)["Location"] == "https://shop.example.com/"
        assert "/gateway/again?" in browser.arrives(led)["Location"]

    def test_not_in_another_browser(self, browser: Browser) -> None:
        """Nobody is signed in, unasked, as whoever sent them a link."""
        led = browser.follows(browser.asks("/"))
        victim = Browser(Client())
        assert "/gateway/again?" in victim.arrives(led)["Location"]
        victim.asks("/")
        assert "/gateway/again?" in victim.arrives(browser.follows(browser.asks("/")))["Location"]
        assert victim.asks("/").status_code == 401

    def test_not_at_another_host(self, browser: Browser) -> None:
        state = browser.jars["wiki.example.com"].cookies
        led = browser.follows(browser.asks("/"))
        state["__Host-gateway-state"] = browser.jars["shop.example.com"].cookies["__Host-gateway-state"].value
        assert "/gateway/again?" in browser.arrives(led, host="wiki.example.com")["Location"]

    def test_not_once_the_session_is_over(self, browser: Browser, customer: User) -> None:
        led = browser.follows(browser.asks("/"))
        sessions.end_all(customer, by=SYSTEM, at=clock.now())
        assert "/gateway/again?" in browser.arrives(led)["Location"]

    def test_two_tabs_share_what_they_began_with(self, browser: Browser) -> None:
        one, two = browser.asks("/"), browser.asks("/me")
        one, two = browser.follows(one), browser.follows(two)
        assert browser.arrives(one)["Location"] == "https://shop.example.com/"
        assert browser.arrives(two)["Location"] == "https://shop.example.com/me"
        assert browser.asks("/").status_code == 204

    @pytest.mark.parametrize(
        ("name", "value"),
        [("app", "other"), ("app", ""), ("uri", "//evil.example.com/"), ("uri", "https://evil.example.com/"),
         ("uri", "/x/../y"),
         ("back", "//evil.example.com"), ("back", "@evil.example.com"), ("back", "/\\evil.example.com"), ("state", ""),
         ("state", "x"), ("method", "TRACE/"), ("uri", "")],
    )  # fmt: skip
    def test_it_leads_to_no_other_place(self, browser: Browser, name: str, value: str) -> None:
        query = {"app": "shop", "method": "GET", "uri": "/", "state": "0" * 32} | {name: value}
        assert browser.portal.get("/gateway/enter", query).status_code == 404

    def test_whoever_is_not_signed_in_signs_in_first(self, browser: Browser) -> None:
        stranger = Browser(Client())
        led = stranger.follows(stranger.asks("/"))
        assert led["Location"].startswith("/sign-in/?next=/gateway/enter")

    def test_what_is_refused_says_so_on_a_page_of_the_portal(self, browser: Browser) -> None:
        row = replace(limits.current().actions["gateway.page"], deny_from=None, channels=())
        limits.install(replace(limits.current(), actions=limits.current().actions | {"gateway.page": row}))
        page = browser.follows(browser.asks("/"))
        assert page.status_code == 403
        assert "cannot be done from here" in page.content.decode()


def test_signing_out_there_is_asked_here_and_ends_all(browser: Browser) -> None:
    browser.goes_to("/")
    browser.goes_to("/pages", host="wiki.example.com")
    proxy = {"X-Gateway-Key": KEY, "X-Gateway-Host": "shop.example.com"}
    left = browser.jars["shop.example.com"].get("/gateway/leave", headers=proxy)
    assert left["Location"] == f"{configured.PUBLIC_URL}/gateway/sign-out?app=shop"
    assert not browser.jars["shop.example.com"].cookies["__Host-gateway"].value
    page = browser.portal.get("/gateway/sign-out?app=shop")
    assert "Sign out?" in page.content.decode()
    assert browser.asks("/pages", host="wiki.example.com").status_code == 204
    over = browser.portal.post("/gateway/sign-out?app=shop")
    assert "https://shop.example.com/" in over.content.decode()
    assert browser.asks("/pages", host="wiki.example.com").status_code == 401


def test_another_browser_with_its_value_is_noticed(browser: Browser) -> None:
    browser.goes_to("/")
    other = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
    assert browser.asks("/", **{"User-Agent": other}).status_code == 401  # the row asks for more from high risk on
    assert AuditEntry.objects.filter(name="session.changed_browser").exists()


@pytest.mark.parametrize("path", ["/gateway/check/forward", "/gateway/check/envoy"])
class TestOtherProxies:
    def asks(self, browser: Browser, path: str, uri: str, method: str = "GET", **more: Any) -> Any:
        said = {"X-Gateway-Key": KEY, "Accept": "text/html", "User-Agent": browser.portal.defaults["HTTP_USER_AGENT"]}
        jar = browser.jars["shop.example.com"]
        if path.endswith("envoy"):
            return jar.generic(
                method, path + uri, headers=said, HTTP_HOST="shop.example.com", RAW_URI=path + uri, **more
            )
        said |= {"X-Forwarded-Host": "shop.example.com", "X-Forwarded-Method": method, "X-Forwarded-Uri": uri}
        return jar.get(path, headers=said)

    def test_are_answered_with_a_redirect_and_then_with_yes(self, browser: Browser, path: str) -> None:
        refused = self.asks(browser, path, "/orders?x=1")
        assert refused.status_code == 302
        assert refused["Location"] == refused["X-Gateway-Location"]
        browser.arrives(browser.follows(refused))
        answer = self.asks(browser, path, "/orders?x=1")
        assert answer.status_code == (200 if path.endswith("envoy") else 204)
        assert claims(answer)["aud"] == "https://shop.example.com"
        assert self.asks(browser, path, "/orders", "POST").status_code == 302
        assert self.asks(browser, path, "/orders", "DELETE").status_code == 403
        assert self.asks(browser, path, "/x/..%2fadmin").status_code == 403


def test_envoy_is_told_no_where_the_address_as_sent_is_not_known(browser: Browser) -> None:
    browser.goes_to("/")
    said = {"X-Gateway-Key": KEY}
    answer = browser.jars["shop.example.com"].get("/gateway/check/envoy/", headers=said, HTTP_HOST="shop.example.com")
    assert answer.status_code == 403


def test_the_header_is_no_token_of_another_kind(browser: Browser) -> None:
    token = browser.goes_to("/")["X-Gateway-Identity"]
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header["typ"] == "gateway+jwt"
    assert jwts.read(token, keys.named, algorithms=("ES256",), kinds=("jwt", "at+jwt", "logout+jwt")) is None
    api = browser.portal.get("/api/profile", headers={"Authorization": f"Bearer {token}"})
    assert api.status_code == 401
