"""The device cookie is signed: what we did not sign is as good as no cookie, and asks the database nothing."""

import base64
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts import device_cookie
from accounts.models import Device, Session, User
from ciam_portal import codes
from tests.factories import PASSWORD, at_home, pass_challenge
from tests.factories import customer as new_customer

OLD, NEW = b"o" * 32, b"n" * 32


def post(client: Client, who: User, password: str = PASSWORD, **headers: str) -> Any:
    return client.post("/sign-in/", {"login": who.email, "password": password}, **headers)  # type: ignore[arg-type]


def kept(client: Client) -> str:
    return client.cookies[configured.DEVICE_COOKIE_NAME].value


def flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def test_a_new_cookie_carries_a_token() -> None:
    cookie = device_cookie.new()
    token = device_cookie.token_of(cookie)
    assert len(token) == 43
    assert device_cookie.signed(token) == cookie
    assert len({device_cookie.new() for _ in range(50)}) == 50


def test_every_change_of_any_letter_is_a_forgery() -> None:
    cookie = device_cookie.new()
    for at in range(len(cookie)):
        assert device_cookie.token_of(flipped(cookie, at)) == ""


@pytest.mark.parametrize(
    "bent",
    [
        "{token}", "{token}.", ".{signature}", "{cookie}=", "{cookie} ", " {cookie}", "{cookie}\n", "{cookie}\x00",
        '"{cookie}"', "{signature}.{token}", "{token}.{token}", "{cookie}.{signature}", "{cookie}" + "x" * 100_000,
        "\x1b[2J", "é" * 87, "\ud800", "",
    ],
)  # fmt: skip
def test_other_forms_are_no_cookie(bent: str) -> None:
    cookie = device_cookie.new()
    token, signature = cookie.split(".")
    assert device_cookie.token_of(bent.format(cookie=cookie, token=token, signature=signature)) == ""


@given(st.text(max_size=120))
def test_noise_is_no_cookie(noise: str) -> None:
    assert device_cookie.token_of(noise) == ""


def test_old_keys_verify_and_today_s_signs(settings: Any) -> None:
    settings.DEVICE_KEYS = [OLD]
    cookie = device_cookie.new()
    settings.DEVICE_KEYS = [NEW, OLD]
    token = device_cookie.token_of(cookie)
    renewed = device_cookie.signed(token)
    assert renewed != cookie
    settings.DEVICE_KEYS = [NEW]
    assert device_cookie.token_of(cookie) == ""
    assert device_cookie.token_of(renewed) == token


def test_no_other_key_of_ours_signs_a_cookie() -> None:
    token = codes.new_token()
    by_digest = codes.digest(token, "device")
    forged = base64.urlsafe_b64encode(bytes.fromhex(by_digest)).decode().rstrip("=")
    assert device_cookie.token_of(f"{token}.{forged}") == ""


@pytest.mark.django_db
def test_only_the_token_is_digested(client: Client, customer: User) -> None:
    post(client, customer)
    pass_challenge(client)
    token = device_cookie.token_of(kept(client))
    assert Device.objects.get().cookie_digest == codes.digest(token, "device")


@pytest.mark.django_db
def test_a_known_browser_is_given_todays_signature(client: Client, customer: User, settings: Any) -> None:
    settings.DEVICE_KEYS = [OLD]
    at_home(client, customer)
    before = kept(client)
    settings.DEVICE_KEYS = [NEW, OLD]
    post(client, customer)
    settings.DEVICE_KEYS = [NEW]
    assert device_cookie.token_of(before) == ""
    assert device_cookie.token_of(kept(client)) != ""
    assert Device.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["forged", "tampered", "oversized", "control", "unsigned"])
def test_a_cookie_that_does_not_verify_is_a_browser_never_seen(client: Client, customer: User, change: str) -> None:
    at_home(client, customer)
    cookie = kept(client)
    token = device_cookie.token_of(cookie)
    sent = {
        "forged": f"{token}.{codes.new_token()}",
        "tampered": flipped(cookie, 3),
        "oversized": cookie + "x" * 100_000,
        "control": f"{cookie}\x1b\x07",
        "unsigned": token,
    }[change]
    stranger = Client()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        post(stranger, customer, "a wrong guess entirely", HTTP_COOKIE=f"{configured.DEVICE_COOKIE_NAME}={sent}")
    assert not [query for query in asked if "accounts_device" in query["sql"]]
    answer = post(Client(), customer, HTTP_COOKIE=f"{configured.DEVICE_COOKIE_NAME}={sent}")
    assert answer["Location"] == "/sign-in/prove/"
    assert post(client, customer)["Location"] == "/"


@pytest.mark.django_db
def test_a_genuine_cookie_is_looked_up(client: Client, customer: User) -> None:
    at_home(client, customer)
    with CaptureQueriesContext(connection) as asked:
        post(
            Client(), customer, "a wrong guess entirely", HTTP_COOKIE=f"{configured.DEVICE_COOKIE_NAME}={kept(client)}"
        )
    assert [query for query in asked if "accounts_device" in query["sql"]]


@pytest.mark.django_db
def test_the_cookie_of_another_customers_browser_opens_no_known_device(client: Client, customer: User) -> None:
    other = new_customer()
    at_home(client, other)
    cookie = kept(client)
    assert post(client, customer)["Location"] == "/sign-in/prove/"
    pass_challenge(client)
    assert kept(client) == cookie  # a shared browser keeps one cookie
    mine, theirs = customer.devices.get(), other.devices.get()
    assert mine.pk != theirs.pk
    assert mine.cookie_digest == theirs.cookie_digest


@pytest.mark.django_db
def test_a_revoked_browser_gets_another_cookie(client: Client, customer: User) -> None:
    at_home(client, customer)
    before = kept(client)
    Device.objects.update(revoked_at=Device.objects.get().first_seen_at)
    assert post(client, customer)["Location"] == "/sign-in/prove/"
    pass_challenge(client)
    assert device_cookie.token_of(kept(client)) not in {"", device_cookie.token_of(before)}
    assert Device.objects.count() == 2


@pytest.mark.django_db
def test_a_session_keeps_the_country_and_the_page_shows_it(
    client: Client, customer: User, settings: Any, tmp_path: Any
) -> None:
    settings.NETWORK_DATA_DIR = tmp_path
    (tmp_path / "country.csv").write_text("8.8.8.0,8.8.8.255,NO\n")
    at_home(client, customer)
    post(client, customer, REMOTE_ADDR="8.8.8.8")
    assert Session.objects.get().country == "NO"
    assert "Network 8.8.8.0/24, NO" in client.get("/sessions/").text
    client.post("/sign-out/")
    post(client, customer, REMOTE_ADDR="10.0.0.1")
    assert set(Session.objects.values_list("country", flat=True)) == {"NO", ""}
