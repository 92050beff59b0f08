"""Links from mails: each page acts on the link that opened it, and their secrets are left nowhere."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from accounts.account.proofs import CHANGE_EMAIL, CONFIRM_EMAIL
from accounts.customer import proofs
from accounts.models import Proof, User
from ciam_portal.core import clock, links, logs
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from recovery.reset.proofs import RESET_PASSWORD
from tests import factories, mailed
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NEW, OTHER = "seven lamps of quiet harbour", "nine doors of a slow river"
RESET = "/forgotten-password/new-password/"


def secret_routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    for item in (resolver or get_resolver()).url_patterns:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from secret_routes(item, route)
        elif "secret" in item.pattern.converters:
            yield route


ROUTES = sorted(secret_routes())


def secret_for_everything(customer: User) -> str:
    """A secret that belongs to a link of every purpose."""
    secret, at = codes.new_token(), clock.now()
    for purpose in proofs.KNOWN:
        Proof.objects.create(
            customer=customer,
            purpose=purpose,
            digest=codes.digest(secret, purpose),
            address=customer.email,
            bound_to=proofs.state_of(customer),
            created_at=at,
            expires_at=at + timedelta(hours=1),
        )
    return secret


def reset_link(customer: User) -> str:
    secret = proofs.new_link(customer, RESET_PASSWORD, customer.email, clock.now()).secret
    return f"/forgotten-password/link/{secret}/"


def opened(browser: Client, link: str) -> str:
    """Follow a link as a person does; the address of the page that came."""
    page = browser.get(link, follow=True)
    assert page.status_code == 200
    return str(page.redirect_chain[-1][0])


def test_each_belongs_to_a_purpose() -> None:
    declared = [spec.route for spec in proofs.KNOWN.values() if isinstance(spec, proofs.Link)]
    assert sorted(f"/{route}<str:secret>/" for route in declared) == ROUTES
    assert len(ROUTES) == 14


@pytest.mark.control("v5.0.0-14.2.1", "v5.0.0-16.2.5")
@pytest.mark.parametrize("signed_in", [False, True], ids=["out", "in"])
@pytest.mark.parametrize("route", ROUTES)
def test_no_secret_is_left_behind(
    route: str, signed_in: bool, customer: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = secret_for_everything(customer)
    path = route.replace("<str:secret>", secret)
    torn = secret[:30], secret[8:]  # as mail programs do
    strange = f"{path}more/", f"{path}%00", path.replace(secret, f"{torn[0]}%0A{torn[1]}/x"), path[:3] + path[4:]
    browsers = Client(), Client(enforce_csrf_checks=True)
    if signed_in:
        for browser in browsers:
            factories.signed_in(browser, customer, ())
    asked = [(method, path) for method in ("get", "head", "post", "put")] + [("get", other) for other in strange]
    for browser, (method, address) in product(browsers, asked):
        page = getattr(browser, method)(address)
        while page.status_code in {301, 302}:
            assert secret not in page["Location"]
            assert secret not in f"{page.headers} {page.cookies} {page.text}"
            page = browser.get(page["Location"])
        assert secret not in f"{page.headers} {page.cookies} {page.text}"
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "Method Not Allowed" in said
    assert "Forbidden" in said
    assert "Not Found" in said
    assert not [part for part in (secret, *torn) if part in said or part in caplog.text]
    assert not [row for row in BrowserSession.objects.all() if secret in str(row.get_decoded())]


def test_nor_by_a_server_that_writes_each_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gunicorn.access")
    logging.getLogger("gunicorn.access").info(
        '%(h)s "%(r)s"', {"h": "::1", "r": "GET /was-this-you/abc/?x=abc HTTP/1.1"}
    )
    logging.getLogger("gunicorn.error").error("Error handling request %s", "/Was-This-You/abc")
    logging.getLogger("gunicorn.error").error("Error handling request %s", "/was-this-you/?link=12")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        '::1 "GET /was-this-you/…',
        "Error handling request /Was-This-You/…",
        "Error handling request /was-this-you/…",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/%77as-this-you/{}/",
        "/was-this-%79ou/{}/",
        "/was%2Dthis-you/{}/",
        "/%57AS-this-you/{}/",
        "/was-this-you%2f{}/",
        "%2Fwas-this-you/{}/",
        "/%2577as-this-you/{}/",
        "/was-this-you%25252F{}/",
        "/was-this-you/ {}/",
        "/was-this-you/%20{}/",
        "/was-this-you/\n{}/",
        "https://id.example.com/was-this-you/{}/?x=1#y",
    ],
)
def test_nor_however_its_path_is_written(path: str, caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cret" * 7  # (no page takes it)
    logging.getLogger("gunicorn.error").error("Error handling request %s", path.format(secret))
    logging.getLogger("gunicorn.access").warning('"GET %s HTTP/1.1" 200', path.format(secret))
    for record in caplog.records:
        assert "s3cret" not in record.getMessage()
        assert "…" in record.getMessage()


def test_a_path_that_carries_no_secret_is_said_whole(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("gunicorn.access").warning('"GET /was-this-you/ HTTP/1.1" 200 1234')
    assert caplog.records[0].getMessage() == '"GET /was-this-you/ HTTP/1.1" 200 1234'


def test_every_line_carries_the_id_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    page = Client().get("/nowhere/")
    (record,) = (record for record in caplog.records if record.name == "django.request")
    assert isinstance(record, logs.Line)
    assert record.request_id == page["X-Request-ID"]
    assert record.reference in page.text  # whoever reads it out is found in the logs by it
    after = logging.getLogger("x").makeRecord("x", logging.INFO, "", 0, "plain", (), None)
    assert (getattr(after, "request_id", ""), after.getMessage()) == ("-", "plain")


@pytest.mark.parametrize("purpose", sorted(proofs.KNOWN))
def test_each_page_has_its_own_link(purpose: str) -> None:
    spec = links.Spec(name=purpose, route="nowhere-else/", page="home")

    @links.page(spec)
    def view(request: HttpRequest, secret: str) -> HttpResponse:
        return HttpResponse(secret)

    browser = Client()
    first, second = (codes.new_token() for _ in range(2))
    addresses = []
    for secret in (first, second):
        request = RequestFactory().get("/")
        request.COOKIES = {name: cookie.value for name, cookie in browser.cookies.items()}
        response = links.arrival(spec).callback(request, secret=secret)
        browser.cookies.update(response.cookies)
        addresses.append(response["Location"])
    for address, secret in zip(addresses, (first, second), strict=True):
        for method in ("get", "post"):
            request = getattr(RequestFactory(), method)(address)
            request.COOKIES = {name: cookie.value for name, cookie in browser.cookies.items()}
            assert view(request).content.decode() == secret


def test_two_tabs_set_the_password_of_their_own_accounts() -> None:
    ada, grace = factories.customer("ada@example.com"), factories.customer("grace@example.com")
    browser = Client()
    first, second = opened(browser, reset_link(ada)), opened(browser, reset_link(grace))
    assert 'value="ada@example.com"' in browser.get(first).text
    assert 'value="grace@example.com"' in browser.get(second).text
    assert browser.post(first, {"password": NEW, "username": "grace@example.com"}).status_code == 200
    assert browser.post(second, {"password": OTHER}).status_code == 200  # though the first has ended the session
    for customer, password in ((ada, NEW), (grace, OTHER)):
        customer.refresh_from_db()
        assert customer.check_password(password)


def test_a_page_without_its_link_never_takes_another(customer: User) -> None:
    browser = Client()
    page = opened(browser, reset_link(customer))
    handle = page.partition("=")[2]
    confirm = proofs.new_link(customer, CONFIRM_EMAIL, customer.email, clock.now()).secret
    other = opened(browser, f"/confirm-email/{confirm}/").partition("=")[2]
    for wrong in ("", "?link=", "?link=x", f"?link={handle}x", f"?link={other}"):
        for answer in (browser.get(RESET + wrong), browser.post(RESET + wrong, {"password": NEW})):
            assert answer.status_code == 410
            assert "Please open the link again" in answer.text
    grace = opened(browser, reset_link(factories.customer("grace@example.com"))).partition("=")[2]
    for planted in (other, grace):  # a link of another purpose, and of another account, in this one's place
        browser.cookies[f"link-{handle}"] = browser.cookies[f"link-{planted}"].value
        assert browser.post(page, {"password": NEW}).status_code == 410
    customer.refresh_from_db()
    assert customer.check_password(PASSWORD)


def test_the_page_may_be_loaded_again_and_acts_once(customer: User) -> None:
    browser = Client()
    page = opened(browser, reset_link(customer))
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"password": "short"}).status_code == 200
    assert "Your new password is set" in browser.post(page, {"password": NEW}).text
    for answer in (browser.post(page, {"password": OTHER}), browser.get(page)):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.text
    customer.refresh_from_db()
    assert customer.check_password(NEW)


def test_pressing_the_button_twice_confirms_once(db: None) -> None:
    customer = factories.customer("new@example.com", proven=False)
    secret = proofs.new_link(customer, CONFIRM_EMAIL, customer.email, clock.now()).secret
    browser = Client()
    page = opened(browser, f"/confirm-email/{secret}/")
    assert browser.post(page).status_code == 200
    again = browser.post(page)
    assert again.status_code == 410
    assert "your address is confirmed already" in again.text


def test_a_new_address_is_confirmed_after_signing_in(customer: User) -> None:
    secret = proofs.new_link(customer, CHANGE_EMAIL, "new@example.com", clock.now()).secret
    browser = Client()
    door = browser.get(f"/security/email/confirm/{secret}/", follow=True).redirect_chain[-1][0]
    assert door.startswith("/sign-in/?next=/security/email/confirm/%3Flink%3D")
    factories.signed_in(browser, customer, (Method.PASSWORD,))
    page = mailed.page(browser, "/security/email/confirm/")
    assert "Use your new email address?" in browser.get(page).text
    assert browser.post(page).status_code == 302
    customer.refresh_from_db()
    assert customer.email == "new@example.com"


@pytest.mark.parametrize(("held", "dropped"), [(7, 0), (8, 1), (12, 5)])
def test_a_browser_holds_a_few_links_and_lets_go_of_the_oldest(rf: RequestFactory, held: int, dropped: int) -> None:
    request = rf.get("/")
    request.COOKIES = {"session": "x"} | {f"link-{number}": "sealed" for number in range(held)}  # the oldest first
    arrive = links.arrival(links.Spec(name="undo", route="nowhere-else/", page="home")).callback
    response = arrive(request, secret="s" * 5000)
    gone = [name for name, cookie in response.cookies.items() if cookie["max-age"] == 0]
    assert gone == [f"link-{number}" for number in range(dropped)]
    made = next(cookie for name, cookie in response.cookies.items() if name not in gone)
    assert len(made.value) < 200
    request.COOKIES[made.key] = "as before"  # the same link, opened again, is none more
    again = arrive(request, secret="s" * 5000)
    assert len(again.cookies) == dropped + 1


def test_signing_out_lets_go_of_all(customer: User) -> None:
    browser = Client()
    factories.signed_in(browser, customer, ())
    page = opened(browser, reset_link(customer))
    browser.post("/sign-out/")
    assert "Please open the link again" in browser.get(page).text


@pytest.mark.control("v5.0.0-3.3.1", "v5.0.0-3.3.2", "v5.0.0-3.3.4")
def test_the_cookie_is_sealed_and_no_script_reads_it(customer: User, settings: Any) -> None:
    settings.SECURE, settings.SECURE_SSL_REDIRECT, settings.LINK_COOKIE_NAME = True, False, "__Host-link"
    browser = Client()
    browser.get(reset_link(customer), secure=True)
    cookie = next(value for name, value in browser.cookies.items() if name.startswith("__Host-link-"))
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"], cookie["path"]) == (True, "Lax", True, "/")
    assert not cookie["max-age"]
    assert len(cookie.value) > 80


def test_a_scanner_leaves_no_session(customer: User) -> None:
    for path in (reset_link(customer), "/was-this-you/x/"):
        assert Client().get(path).status_code == 302
        assert Client().head(path).status_code == 302
    assert not BrowserSession.objects.exists()


@pytest.mark.control("v5.0.0-6.2.7")
def test_pages_for_a_password_name_its_account(customer: User) -> None:
    browser = Client()
    factories.signed_in(browser, customer, (Method.PASSWORD,))
    for page in (opened(browser, reset_link(customer)), "/security/password/"):
        for answer in (browser.get(page), browser.post(page, {"username": "mallory@example.com", "password": "x"})):
            field = answer.text.split('name="username"')[1].split(">")[0]
            assert f'value="{customer.email}"' in field
            assert 'autocomplete="username"' in field
            assert "readonly" in field
            assert "mallory" not in answer.text
