"""A browser that forgets its customer: mailbox and recovery phone together do what a day's wait does."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Session, User
from ciam_portal.core import clock
from ciam_portal.core.policy.decision import Risk
from recovery.models import RecoveryAddress
from tests import elsewhere
from tests.factories import outbox

pytestmark = pytest.mark.django_db
PAGE, APP = "/security/recovery/show/", "/security/app/add/"
PHONE = "+4722855050"


@pytest.fixture
def phone(customer: User) -> RecoveryAddress:
    """A recovery phone that has rested."""
    then = clock.now() - timedelta(days=9)
    return RecoveryAddress.objects.create(
        customer=customer, kind="sms", address=PHONE, proven_at=then, usable_from=then + timedelta(days=3)
    )


@pytest.fixture
def browser(customer: User) -> Client:
    """Signed in by password and a mailed code, in a browser that was never seen."""
    client = elsewhere.browser()
    elsewhere.sign_in(client, customer)
    return client


def code_of() -> str:
    sent = [mail for mail in outbox() if mail.kind == "recognize_code"]
    assert {mail.to for mail in sent} == {PHONE}
    return str(sent[-1].words["code"])


def test_mailbox_and_phone_open_what_has_to_wait(browser: Client, phone: RecoveryAddress) -> None:
    held = browser.get(APP)
    assert held.status_code == 403
    assert PAGE in held.text
    page = browser.post(PAGE, follow=True)
    assert PHONE not in page.text
    assert browser.post(PAGE, {"code": code_of()})["Location"] == "/security/"
    assert browser.get(APP).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert browser.get(APP).status_code != 200


def test_it_is_not_offered_where_it_would_not_help(browser: Client, phone: RecoveryAddress) -> None:
    Session.objects.update(risk=Risk.HIGH)
    held = browser.get(APP)
    assert held.status_code == 403
    assert PAGE not in held.text


@pytest.mark.parametrize("change", ["none", "fresh", "mail"])
def test_with_the_mailbox_alone_it_waits(browser: Client, customer: User, change: str) -> None:
    now = clock.now()
    if change != "none":
        RecoveryAddress.objects.create(
            customer=customer, kind="mail" if change == "mail" else "sms", address="other@example.com",
            proven_at=now - timedelta(days=9), usable_from=now + timedelta(hours=1 if change == "fresh" else -1),
        )  # fmt: skip
    assert "no recovery phone that can be used yet" in browser.post(PAGE).text
    browser.post(PAGE, {"code": "12345678"})
    assert Session.objects.get(ended_at=None).recognized_at is None
    assert browser.get(APP).status_code == 403
    assert "recognize_code" not in [mail.kind for mail in outbox()]


def test_a_code_works_in_its_own_session_only_and_guesses_end(
    browser: Client, customer: User, phone: RecoveryAddress
) -> None:
    browser.post(PAGE)
    other: Any = elsewhere.browser()
    elsewhere.sign_in(other, customer)
    other.post(PAGE, {"code": code_of()})
    assert other.get(APP).status_code == 403
    for _ in range(5):
        assert "not right" in browser.post(PAGE, {"code": "00000000"}).text
    browser.post(PAGE, {"code": code_of()})
    assert browser.get(APP).status_code == 403


def test_nobody_without_a_session_gets_a_code(customer: User, phone: RecoveryAddress) -> None:
    assert Client().post(PAGE)["Location"].startswith("/sign-in/")
    assert outbox() == []
