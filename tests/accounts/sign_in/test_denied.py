"""A sign-in that is denied looks like a wrong password: page, headers, cookies, and what is counted."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import gate
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Deny, StepUp
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import PASSWORD, outbox, signed_in

pytestmark = pytest.mark.django_db


def judged(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
    """The gate gives these answers, one after the other, the last one for ever."""
    waiting = list(answers)

    def assess(*_args: object, **_named: object) -> gate.Assessed:
        return gate.Assessed(waiting.pop(0) if len(waiting) > 1 else waiting[0], None, None)

    monkeypatch.setattr("ciam_portal.core.audit.decide.gate.assess", assess)


DENIED = Deny(gate.Reason.ACCOUNT_CLOSED)


@pytest.fixture
def denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sign-in is denied, as one into a closed account is. Risk alone never does (test_sign_in_held)."""
    judged(monkeypatch, DENIED)


def leave_something(client: Client) -> None:
    """Give this client a browser session that holds something."""
    session = client.session
    session["something"] = "here before"
    session.save()


def enter(client: Client, email: str, password: str, **more: str) -> Any:
    return client.post("/sign-in/", {"login": email, "password": password} | more)


def seen(page: Any) -> tuple[Any, ...]:
    """All that a program can compare: status, body, headers and cookies, without what differs by each request."""
    body = re.sub(r'(name="csrfmiddlewaretoken" value=|nonce[-=])"?[\w-]+"?', "", page.text)
    body = body.replace(page["X-Request-ID"], "")
    headers = {name: value for name, value in page.headers.items() if name not in {"X-Request-ID", "Expires"}}
    headers["Content-Security-Policy"] = re.sub(r"nonce-[^']+", "", headers["Content-Security-Policy"])
    cookies = {name: {**cookie, "expires": ""} for name, cookie in page.cookies.items()}
    return page.status_code, body, headers, cookies


@pytest.mark.usefixtures("denied")
@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.parametrize("more", [{}, {"next": "/profile/"}], ids=["plain", "next"])
@pytest.mark.parametrize("visited", [False, True], ids=["first request", "with a browser session"])
def test_a_denied_sign_in_is_the_page_of_a_wrong_password(customer: User, more: dict[str, str], visited: bool) -> None:
    pages = []
    for password in (PASSWORD, "x" * len(PASSWORD)):
        client = Client()
        if visited:
            leave_something(client)
            client.get("/sign-in/")
        pages.append(seen(enter(client, customer.email, password, **more)))
    assert pages[0] == pages[1]
    assert pages[0][0] == 200
    assert "session" not in pages[0][3]
    assert not Session.objects.exists()


@pytest.mark.usefixtures("denied")
def test_it_leaves_the_browser_session_as_it_was(customer: User) -> None:
    client = Client()
    leave_something(client)
    before = dict(client.session.items())
    enter(client, customer.email, PASSWORD)
    assert dict(client.session.items()) == before
    assert client.get("/sign-in/prove/")["Location"] == "/sign-in/"


@pytest.mark.usefixtures("denied")
@pytest.mark.parametrize("password", [PASSWORD, "x" * len(PASSWORD)], ids=["denied", "wrong"])
def test_its_lane_pauses_alike(customer: User, password: str) -> None:
    most = limits.current().sign_in.failures
    answers = [enter(Client(), customer.email, password).status_code for _ in range(most + 1)]
    assert answers == [200] * (most - 1) + [429] * 2


def test_a_sign_in_denied_after_its_second_step_leads_back_to_the_door(
    customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = StepUp(Level.AAL1, gate.Reason.UNUSUAL, None, challenge=True)
    judged(monkeypatch, asked, DENIED)
    client = Client()
    assert enter(client, customer.email, PASSWORD)["Location"] == "/sign-in/prove/"
    code = outbox()[-1].words["code"]
    assert client.post("/sign-in/prove/", {"way": "email_code", "code": code})["Location"] == "/sign-in/"
    assert "The email address or the password is not right." in client.get("/sign-in/").text
    assert client.get("/sign-in/prove/")["Location"] == "/sign-in/"
    assert not Session.objects.exists()


def test_a_passkey_that_is_denied_reads_like_one_that_is_not_known(
    customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, browser = SoftAuthenticator(), Client()
    signed_in(browser, customer, (Method.PASSWORD,))
    begun = browser.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"]), "name": "Laptop"}
    assert browser.post("/security/passkeys/add/", sent).status_code == 302
    Session.objects.all().delete()
    judged(monkeypatch, DENIED)
    pages = []
    for verifies in (True, False):
        key.verifies, client = verifies, Client()
        begun = client.post("/sign-in/passkey/begin/").json()
        answer = client.post(
            "/sign-in/passkey/", {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
        )
        said = client.get("/sign-in/").text
        pages.append((answer.status_code, answer["Location"], "That passkey did not work here" in said))
    assert pages == [(302, "/sign-in/", True)] * 2
    assert not Session.objects.exists()
