"""One mailbox is one customer, one budget and one lane, however its address is typed, at every door."""

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.policy import limits
from tests.factories import PASSWORD, Message, customer
from tests.spellings import MAILBOX, REFUSED, SPELLINGS

pytestmark = pytest.mark.django_db

Outbox = Callable[[], list[Message]]
_hosts = count(1)


def post(path: str, fields: dict[str, str]) -> Any:
    """From another network each time: what is counted is the address."""
    return Client(REMOTE_ADDR=f"10.{next(_hosts)}.0.1").post(path, fields)


def alike(page: Any, typed: str) -> tuple[int, str, str]:
    """An answer without what differs at every look: what was typed, tokens."""
    text = page.text.replace(typed.strip().replace('"', "&quot;"), "TYPED") if page.status_code == 200 else ""
    assert page.status_code in {200, 302}
    return page.status_code, page.headers.get("Location", ""), re.sub(r"[0-9a-f]{32}|value=\"[^\"]{64}\"", "", text)


def budget() -> int:
    return limits.running().proof.mails_per_address_per_hour


@pytest.mark.control("v5.0.0-2.2.1")
def test_signing_up_with_every_spelling_makes_one_account_and_few_mails(outbox: Outbox) -> None:
    answers = {
        (page.status_code, page["Location"])
        for typed in SPELLINGS
        for page in [post("/sign-up/", {"email": typed, "password1": PASSWORD})]
    }
    assert answers == {(302, "/sign-up/check-your-mail/")}
    assert [found.email for found in User.objects.all()] == [MAILBOX]
    assert [mail.to for mail in outbox()] == [MAILBOX] * budget()


def test_asking_for_a_new_password_with_every_spelling_meets_one_budget(outbox: Outbox) -> None:
    customer(MAILBOX)
    answers = {alike(post("/forgotten-password/", {"email": typed}), typed) for typed in SPELLINGS}
    assert len(answers) == 1
    assert [mail.to for mail in outbox()] == [MAILBOX] * budget()


def test_beginning_a_recovery_with_every_spelling_meets_one_budget(outbox: Outbox) -> None:
    customer(MAILBOX)
    for typed in SPELLINGS:
        assert post("/recover/", {"email": typed}).status_code in {302, 429}
    told = [mail.to for mail in outbox()]
    assert set(told) == {MAILBOX}
    assert len(told) <= budget()


@pytest.mark.parametrize("typed", SPELLINGS)
def test_every_spelling_signs_in(typed: str) -> None:
    customer(MAILBOX)
    page = post("/sign-in/", {"login": typed, "password": PASSWORD})
    assert page.status_code == 302


def test_wrong_passwords_are_counted_in_one_lane() -> None:
    customer(MAILBOX)
    most = limits.running().sign_in.failures
    answers = [
        post("/sign-in/", {"login": typed, "password": "wrong"}).status_code
        for typed in (SPELLINGS * 10)[: most + len(SPELLINGS)]
    ]
    assert answers[: most - 1] == [200] * (most - 1)
    assert set(answers[most:]) == {429}


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_no_address_makes_no_account_and_says_why(typed: str, outbox: Outbox) -> None:
    page = post("/sign-up/", {"email": typed, "password1": PASSWORD})
    assert page.status_code == 200
    assert "id_email_error" in page.text
    assert not User.objects.exists()
    assert outbox() == []


@pytest.mark.parametrize("typed", REFUSED)
@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/sign-in/", "login", {"password": PASSWORD}),
        ("/forgotten-password/", "email", {}),
        ("/recover/", "email", {}),
    ],
)
def test_a_look_up_answers_for_no_address_as_for_nobodys(
    path: str, field: str, more: dict[str, str], typed: str
) -> None:
    nobodys = "nobody@example.com"
    assert alike(post(path, {field: typed, **more}), typed) == alike(post(path, {field: nobodys, **more}), nobodys)
