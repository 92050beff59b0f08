"""An unusual sign-in of a customer without a second factor: a code to the proven address, and what it does not do."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.budgets import counter as budget
from accounts.factors import bound
from accounts.factors import verifier as factors
from accounts.models import Device, Passkey, Proof, Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from tests import factories
from tests.factories import FIREFOX, PASSWORD, Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
PROVE = "/sign-in/prove/"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def new_browser(agent: str = FIREFOX) -> Client:
    return Client(HTTP_USER_AGENT=agent)


@pytest.fixture
def home(sign_in: SignIn, customer: User) -> Client:
    """The browser in which the customer is known."""
    return sign_in(customer, on=Client())


def begin(client: Client, customer: User) -> Any:
    answer = client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})
    assert answer["Location"] == PROVE
    return client.get(PROVE)


def codes(outbox: Outbox) -> list[str]:
    return [mail.words["code"] for mail in outbox() if mail.kind == "code_to_sign_in"]


def send(client: Client, code: str) -> Any:
    return client.post(PROVE, {"way": "email_code", "code": code})


def is_in(client: Client) -> bool:
    return client.get("/security/").status_code == 200


def test_a_known_browser_is_not_challenged_and_a_new_one_is(home: Client, customer: User, outbox: Outbox) -> None:
    home.post("/sign-out/")
    assert home.post("/sign-in/", {"login": customer.email, "password": PASSWORD})["Location"] == "/"
    assert codes(outbox) == []
    client = new_browser()
    page = begin(client, customer)
    assert "We have sent a code to" in page.text
    assert f"{customer.email[0]}···@example.com" in page.text
    assert customer.email not in page.text
    assert not is_in(client)
    (code,) = codes(outbox)
    assert send(client, code)["Location"] == "/"
    assert is_in(client)
    session = Session.objects.latest("started_at")
    assert session.level == Level.AAL1  # a mailbox is no second factor
    assert session.challenged_at is not None


def test_a_code_for_one_attempt_opens_no_other(home: Client, customer: User, outbox: Outbox) -> None:
    owner, thief = new_browser(), new_browser()
    begin(owner, customer)
    begin(thief, customer)
    for_owner, for_thief = codes(outbox)
    assert send(thief, for_owner).status_code == 200
    assert not is_in(thief)
    assert send(owner, for_owner).status_code == 302  # and the thief's asking did not void it
    assert is_in(owner)
    assert send(owner, for_thief)["Location"] == "/"
    assert not is_in(thief)


def test_another_code_replaces_the_one_before(home: Client, customer: User, outbox: Outbox) -> None:
    client = new_browser()
    begin(client, customer)
    assert client.post(f"{PROVE}code/")["Location"] == f"{PROVE}?way=email_code"
    assert "We have sent you a new code" in client.get(PROVE).text
    first, second = codes(outbox)
    assert "not right, or it is too old" in send(client, first).text
    assert send(client, second).status_code == 302


@pytest.mark.control("v5.0.0-6.6.3")
def test_too_many_wrong_codes_start_the_sign_in_over(home: Client, customer: User, outbox: Outbox) -> None:
    client, most = new_browser(), limits.current().proof.code_attempts
    begin(client, customer)
    for _ in range(most - 1):
        assert "not right, or it is too old" in send(client, "00000000").text
    assert send(client, "00000000")["Location"] == "/sign-in/"
    assert "too many wrong answers" in client.get("/sign-in/").text
    (code,) = codes(outbox)
    assert send(client, code)["Location"] == "/sign-in/"
    assert not is_in(client)
    begin(client, customer)
    assert send(client, codes(outbox)[-1]).status_code == 302


def test_a_code_expires(home: Client, customer: User, outbox: Outbox) -> None:
    client = new_browser()
    begin(client, customer)
    later = clock.now() + timedelta(minutes=limits.current().proof.code_minutes)
    (proof,) = Proof.objects.filter(purpose="sign_in")
    assert proof.expires_at <= later + timedelta(seconds=5)
    Proof.objects.update(expires_at=clock.now())
    assert "too old" in send(client, codes(outbox)[0]).text
    client.post(f"{PROVE}code/")
    assert send(client, codes(outbox)[-1]).status_code == 302


def test_the_page_is_honest_when_no_more_mails_are_sent(home: Client, customer: User, outbox: Outbox) -> None:
    most = limits.current().proof.sign_in_codes_per_customer_per_hour
    while budget.spend("sign_in_codes", str(customer.pk), limit=most, seconds=3600):
        pass
    client = new_browser()
    page = begin(client, customer)
    assert "no code is on its way now. You can have one in 60 minutes" in page.text
    assert "We have sent a code" not in page.text
    client.post(f"{PROVE}code/")
    assert "several mails already" in client.get(PROVE).text
    assert codes(outbox) == []
    cache.clear()
    client.post(f"{PROVE}code/")
    assert "We have sent a code to" in client.get(PROVE).text
    assert send(client, codes(outbox)[0]).status_code == 302


def test_wrong_passwords_and_strangers_hear_nothing_of_it(home: Client, customer: User, outbox: Outbox) -> None:
    pages = []
    for email in (customer.email, "nobody@example.com"):
        page = new_browser().post("/sign-in/", {"login": email, "password": "not the password at all"})
        body = page.text.split("<main")[1].split("</main")[0].replace(email, "")
        pages.append((page.status_code, re.sub(r'value="[^"]{64}"', "", body)))
    assert pages[0] == pages[1]
    assert outbox() == []


def test_signed_in_too_wrong_codes_are_few(home: Client, customer: User, outbox: Outbox) -> None:
    most = limits.current().proof.code_attempts
    Session.objects.update(risk=Risk.MODERATE)
    ref = {"ref": home.get("/security/password/")["Location"].split("=")[1]}
    home.post("/prove/code/", ref)
    code = outbox()[-1].words["code"]
    wrong = {"way": "email_code", "code": "00000000"} | ref
    pages = [home.post("/prove/", wrong) for _ in range(most)]
    assert "You can try again in" in pages[-1].text
    waits = home.post("/prove/", wrong | {"code": code})
    assert waits.status_code == 429
    assert int(waits["Retry-After"]) > 60
    mails = len(outbox())
    home.post("/prove/code/", ref)
    assert len(outbox()) == mails  # a new code would not be looked at either
    assert "Please wait" in home.get("/prove/", ref).text
    assert home.get("/security/password/").status_code == 302


@pytest.mark.control("v5.0.0-6.6.3")
def test_another_code_forgets_no_guess_at_the_one_before(home: Client, customer: User, outbox: Outbox) -> None:
    Session.objects.update(risk=Risk.MODERATE)
    ref = {"ref": home.get("/security/password/")["Location"].split("=")[1]}
    home.post("/prove/code/", ref)
    wrong = {"way": "email_code", "code": "00000000"} | ref
    for _ in range(limits.current().proof.code_attempts - 1):
        assert "You can try again in" not in home.post("/prove/", wrong).text
    home.post("/prove/code/", ref)
    assert "You can try again in" in home.post("/prove/", wrong).text
    assert home.post("/prove/", wrong | {"code": outbox()[-1].words["code"]}).status_code == 429


# No factor is enrolled while the sign-in is risky


def challenged(customer: User, outbox: Outbox) -> Client:
    client = new_browser()
    begin(client, customer)
    send(client, codes(outbox)[-1])
    assert is_in(client)
    return client


def test_enrolling_from_a_new_browser_waits_for_it_to_be_known(home: Client, customer: User, outbox: Outbox) -> None:
    client = challenged(customer, outbox)
    known_at = Device.objects.latest("first_seen_at").known_at
    for path in ("/security/app/add/", "/security/passkeys/add/"):
        page = client.get(path)
        assert page.status_code == 403
        assert "This has to wait" in page.text
        assert f"after <strong>{known_at:%-d %B %Y, %H:%M}" in page.text
        assert client.post(path, {"code": "123456", "name": "x"}).status_code == 403
    assert client.post("/security/passkeys/add/begin/").status_code == 403
    assert not Totp.objects.exists()
    assert not Passkey.objects.exists()
    assert home.get("/security/app/add/").status_code == 200
    with time_machine.travel(known_at + timedelta(seconds=1), tick=False):
        assert client.get("/security/app/add/").status_code == 302  # signed out by then
        assert client.post("/sign-in/", {"login": customer.email, "password": PASSWORD})["Location"] == "/"
        assert client.get("/security/app/add/").status_code == 200


def test_with_a_second_factor_shown_it_works_from_a_new_browser(home: Client, customer: User) -> None:
    seed, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, seed, f"{code_at(seed, t0=60):06d}", at)
    client = new_browser()
    page = begin(client, customer)
    assert "authenticator app" in page.text
    assert client.post(PROVE, {"way": "totp", "code": f"{code_at(seed):06d}"}).status_code == 302
    device = Device.objects.latest("first_seen_at")
    assert device.known_at <= clock.now()
    assert client.get("/security/passkeys/add/").status_code == 200
    assert client.get("/security/backup-codes/").status_code == 200


def test_a_stolen_device_cookie_in_another_browser_is_no_known_device(
    home: Client, customer: User, outbox: Outbox
) -> None:
    thief = new_browser(CHROME)
    thief.cookies["device"] = home.cookies["device"].value
    begin(thief, customer)
    decision = factories.decisions(customer)[-1]
    assert ["device_key_elsewhere", 4.0] in decision.findings
    assert decision.inputs[1]["device"] == 0
    assert decision.answer == "step_up"
    assert send(thief, codes(outbox)[-1]).status_code == 302
    assert thief.get("/security/app/add/").status_code == 403
    assert Method.TOTP not in bound.second_factors(customer)


def test_starting_over_lets_go_of_the_paused_sign_in(client: Client, customer: User) -> None:
    form = {"login": customer.email, "password": factories.PASSWORD}
    assert client.post("/sign-in/", form)["Location"] == "/sign-in/prove/"
    assert client.get("/sign-in/")["Location"].startswith("/sign-in/prove/")
    assert client.get("/sign-in/prove/over/").status_code == 405
    assert client.post("/sign-in/prove/over/")["Location"] == "/sign-in/"
    assert client.get("/sign-in/").status_code == 200
    assert client.get("/sign-in/prove/")["Location"] == "/sign-in/"
