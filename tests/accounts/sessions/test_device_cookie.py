"""The device cookie is signed: what we did not sign is as good as no cookie, and asks the database nothing."""

import base64
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Alert, Device, Session, User
from accounts.sessions import device_cookie
from accounts.sessions.device_cookie import Kept
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.gate import Trust
from tests.factories import PASSWORD, at_home, outbox, pass_challenge
from tests.factories import customer as new_customer

OLD, NEW = b"o" * 32, b"n" * 32


def post(client: Client, who: User, password: str = PASSWORD, **headers: str) -> Any:
    return client.post("/sign-in/", {"login": who.email, "password": password}, **headers)  # type: ignore[arg-type]


def kept(client: Client) -> str:
    return client.cookies[configured.DEVICE_COOKIE_NAME].value


def flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def read(cookie: str) -> Kept:
    found = device_cookie.read(cookie)
    assert found is not None
    return found


def some(customers: int = 1) -> Kept:
    cookie = device_cookie.new()
    for _ in range(customers):
        cookie = cookie.first(codes.new_token())
    return cookie


@pytest.mark.parametrize("customers", range(6))
def test_a_cookie_reads_back(customers: int) -> None:
    cookie = some(customers)
    assert read(cookie.signed()) == cookie
    assert len(cookie.tokens) == customers
    assert len({device_cookie.new().browser for _ in range(50)}) == 50


def test_a_browser_stays_known_for_so_many_and_its_cookie_small() -> None:
    cookie = some(5)
    oldest, latest = cookie.tokens[-1], codes.new_token()
    more = cookie.first(latest)
    assert more.tokens == (latest, *cookie.tokens[:-1])
    assert oldest not in more.tokens
    assert len(some(50).signed()) < 350
    assert more.browser == cookie.browser


def test_a_token_comes_to_the_head_once_and_others_can_go() -> None:
    one, two, three = (codes.new_token() for _ in range(3))
    cookie = Kept("b", (one, two, three))
    assert cookie.first(three).tokens == (three, one, two)
    assert cookie.first(one).tokens == (one, two, three)
    assert cookie.first(two, without=[one]).tokens == (two, three)


@pytest.mark.parametrize("customers", [0, 1, 5])
def test_every_change_of_any_letter_is_a_forgery(customers: int) -> None:
    cookie = some(customers).signed()
    for at in range(len(cookie)):
        assert device_cookie.read(flipped(cookie, at)) is None


def test_no_part_of_a_cookie_is_a_cookie() -> None:
    one, other = some(2), some(2)
    browser, first, second, signature = one.signed().split(".")
    theirs = other.signed().split(".")
    for parts in (
        (browser, first, signature), (browser, second, first, signature), (browser, signature), (first, signature),
        (browser, first, theirs[1], signature), (theirs[0], first, second, signature), (browser, first, second),
        (browser, first, second, theirs[3]), (browser, first, second, signature, signature), (signature,),
    ):  # fmt: skip
        assert device_cookie.read(".".join(parts)) is None
        assert device_cookie.digests(".".join(parts)) == {}


@pytest.mark.parametrize(
    "bent",
    [
        "{token}", "{token}.", ".{signature}", "{cookie}=", "{cookie} ", " {cookie}", "{cookie}\n", "{cookie}\x00",
        '"{cookie}"', "{signature}.{token}", "{token}.{token}", "{cookie}.{signature}", "{cookie}" + "x" * 100_000,
        "{cookie}" + ".{token}" * 1000, "\x1b[2J", "é" * 87, "\ud800", "",
    ],
)  # fmt: skip
def test_other_forms_are_no_cookie(bent: str) -> None:
    cookie = device_cookie.new().signed()
    token, signature = cookie.split(".")
    assert device_cookie.read(bent.format(cookie=cookie, token=token, signature=signature)) is None


@given(st.text(max_size=120))
def test_noise_is_no_cookie(noise: str) -> None:
    assert device_cookie.read(noise) is None


def test_old_keys_verify_and_today_s_signs(settings: Any) -> None:
    settings.DEVICE_KEYS = [OLD]
    cookie = some().signed()
    settings.DEVICE_KEYS = [NEW, OLD]
    kept = read(cookie)
    renewed = kept.signed()
    assert renewed != cookie
    settings.DEVICE_KEYS = [NEW]
    assert device_cookie.read(cookie) is None
    assert read(renewed) == kept


def test_no_other_key_of_ours_signs_a_cookie() -> None:
    token = codes.new_token()
    by_digest = codes.digest(token, "device")
    forged = base64.urlsafe_b64encode(bytes.fromhex(by_digest)).decode().rstrip("=")
    assert device_cookie.read(f"{token}.{forged}") is None


@pytest.mark.django_db
def test_only_the_token_is_digested(client: Client, customer: User) -> None:
    post(client, customer)
    pass_challenge(client)
    (token,) = read(kept(client)).tokens
    assert Device.objects.get().cookie_digest == codes.digest(token, "device")


@pytest.mark.django_db
def test_a_known_browser_is_given_todays_signature(client: Client, customer: User, settings: Any) -> None:
    settings.DEVICE_KEYS = [OLD]
    at_home(client, customer)
    before = kept(client)
    settings.DEVICE_KEYS = [NEW, OLD]
    post(client, customer)
    settings.DEVICE_KEYS = [NEW]
    assert device_cookie.read(before) is None
    assert device_cookie.read(kept(client)) is not None
    assert Device.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["forged", "tampered", "oversized", "control", "unsigned"])
def test_a_cookie_that_does_not_verify_is_a_browser_never_seen(client: Client, customer: User, change: str) -> None:
    at_home(client, customer)
    cookie = kept(client)
    token = cookie.rpartition(".")[0]
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
def test_a_planted_cookie_is_never_known_for_another_customer(client: Client, customer: User) -> None:
    """Mallory's own genuine cookie lies in the victim's browser: it becomes no key to the victim's account."""
    mallory, copy = new_customer(), Client()
    at_home(client, mallory)
    copy.cookies[configured.DEVICE_COOKIE_NAME] = kept(client)
    assert post(client, customer)["Location"] == "/sign-in/prove/"
    pass_challenge(client)
    mine, theirs = customer.devices.get(), mallory.devices.get()
    assert mine.cookie_digest != theirs.cookie_digest
    Device.objects.update(known_at=mine.first_seen_at)  # the victim uses this browser for long
    client.post("/sign-out/")
    assert post(client, customer)["Location"] == "/"
    assert post(copy, customer)["Location"] == "/sign-in/prove/"
    decision = DecisionEntry.objects.filter(about=customer.pk, action="sign_in").latest("at")
    assert decision.inputs[1]["device"] == Trust.NONE


@pytest.mark.django_db
def test_a_shared_browser_stays_known_for_both_and_shows_that_it_is_one(client: Client, customer: User) -> None:
    other = new_customer()
    for who in (customer, other):
        post(client, who)
        pass_challenge(client)
        client.post("/sign-out/")
    Device.objects.update(known_at=Device.objects.earliest("first_seen_at").first_seen_at)
    for who in (customer, other, customer):
        assert post(client, who)["Location"] == "/"
        client.post("/sign-out/")
    assert Device.objects.count() == 2
    assert len(read(kept(client)).tokens) == 2
    shown = set(Session.objects.values_list("visit__device", flat=True))
    assert len(shown) == 1  # what "many accounts on one device" counts by
    assert shown != {""}


@pytest.mark.django_db
def test_the_browsers_name_alone_makes_nothing_known(client: Client, customer: User) -> None:
    at_home(client, customer)
    bare = Kept(read(kept(client)).browser).signed()
    assert post(Client(), customer, HTTP_COOKIE=f"{configured.DEVICE_COOKIE_NAME}={bare}")["Location"] != "/"


@pytest.mark.django_db
def test_a_revoked_browser_gets_another_token(client: Client, customer: User) -> None:
    at_home(client, customer)
    before = read(kept(client))
    Device.objects.update(revoked_at=Device.objects.get().first_seen_at)
    assert post(client, customer)["Location"] == "/sign-in/prove/"
    pass_challenge(client)
    after = read(kept(client))
    assert after.browser == before.browser
    assert len(after.tokens) == 1
    assert after.tokens != before.tokens
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


# The key is renewed by every sign-in, so that a copy is noticed.


def again(client: Client, who: User) -> Any:
    """Out, and in again by password."""
    client.post("/sign-out/")
    return post(client, who)


def copy_of(client: Client) -> Client:
    """Somebody else with a copy of the cookies this browser is known by."""
    thief = Client()
    thief.cookies[configured.DEVICE_COOKIE_NAME] = kept(client)
    return thief


@pytest.mark.django_db
def test_every_sign_in_renews_the_key(client: Client, customer: User) -> None:
    at_home(client, customer)
    tokens: list[str] = []
    for _ in range(4):
        assert again(client, customer)["Location"] == "/"
        client.get("/")
        tokens += read(kept(client)).tokens
    assert len(set(tokens)) == 4
    assert Device.objects.count() == 1
    assert Device.objects.get().former_digests[-1] == codes.digest(tokens[-2], "device")


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["owner", "thief"])
def test_a_copy_is_noticed_whoever_comes_first_and_both_are_asked(client: Client, customer: User, first: str) -> None:
    at_home(client, customer)
    one, two = client, copy_of(client)
    if first == "thief":
        one, two = two, one
    assert post(one, customer)["Location"] == "/"
    one.get("/")  # the new key comes back
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert post(two, customer)["Location"] == "/sign-in/prove/"
        assert Device.objects.get().revoked_at is not None
        told = [mail.kind for mail in outbox()]
        assert told.count("device_copied") == 1
        assert Alert.objects.get().kind == "device_copied"
        assert again(one, customer)["Location"] == "/sign-in/prove/"
        assert [mail.kind for mail in outbox()].count("device_copied") == 1


@pytest.mark.django_db
def test_a_thief_who_never_shows_the_new_key_is_noticed_all_the_same(client: Client, customer: User) -> None:
    at_home(client, customer)
    thief = copy_of(client)
    assert post(thief, customer)["Location"] == "/"
    del thief.cookies[configured.DEVICE_COOKIE_NAME]
    assert thief.get("/security/").status_code == 200  # the answer that brought this session brought the key
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert post(client, customer)["Location"] == "/sign-in/prove/"
    assert [mail.kind for mail in outbox()].count("device_copied") == 1


@pytest.mark.django_db
def test_an_old_key_without_the_password_does_nothing(client: Client, customer: User) -> None:
    at_home(client, customer)
    thief = copy_of(client)
    post(client, customer)
    client.get("/")
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        post(thief, customer, "a wrong guess entirely")
    assert Device.objects.get().revoked_at is None
    assert outbox() == []


@pytest.mark.django_db
def test_two_tabs_at_once_are_one_browser(client: Client, customer: User) -> None:
    at_home(client, customer)
    tab = copy_of(client)  # the same cookies, sent before the other's answer came
    post(client, customer)
    client.get("/")
    assert post(tab, customer)["Location"] == "/"
    assert Device.objects.get().revoked_at is None
    with time_machine.travel(clock.now() + timedelta(minutes=30)):  # whichever answer the browser kept
        assert again(client, customer)["Location"] == "/"
    assert outbox() == []


@pytest.mark.django_db
def test_an_answer_that_never_arrived_makes_no_copy(client: Client, customer: User) -> None:
    at_home(client, customer)
    before = kept(client)
    post(client, customer)
    client.cookies[configured.DEVICE_COOKIE_NAME] = before
    del client.cookies[configured.SESSION_COOKIE_NAME]
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert post(client, customer)["Location"] == "/"
    assert outbox() == []
    assert Device.objects.get().revoked_at is None
