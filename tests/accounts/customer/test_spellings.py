"""One mailbox is one customer, one budget and one bucket, however its address is typed, at every entry point."""

import re
from collections.abc import Callable
from io import StringIO
from itertools import count
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import RoleChange, User
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests.accounts.staff.people import Member
from tests.factories import PASSWORD, Message, customer, signed_in
from tests.spellings import MAILBOX, REFUSED, SHOWN, SPELLINGS
from tests.undone import undone

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
    return (
        page.status_code,
        page.headers.get("Location", ""),
        re.sub(r"[A-Z2-9]{4}-[A-Z2-9]{4}|value=\"[^\"]{64}\"", "", text),
    )


def budget() -> int:
    return limits.current().proof.mails_per_address_per_hour


def as_often_as_the_budget() -> list[int]:
    """So many are answered as ever, the others are told to wait: the same for accounts and for nobody's addresses."""
    return [302] * budget() + [429] * (len(SPELLINGS) - budget())


@pytest.mark.control("v5.0.0-2.2.1")
def test_signing_up_with_every_spelling_makes_one_account_and_few_mails(outbox: Outbox) -> None:
    answers = [post("/sign-up/", {"email": typed, "password1": PASSWORD}).status_code for typed in SPELLINGS]
    assert answers == as_often_as_the_budget()
    assert [found.email for found in User.objects.all()] == [MAILBOX]
    assert [mail.to for mail in outbox()] == [MAILBOX] * budget()


def test_asking_for_a_new_password_with_every_spelling_meets_one_budget(outbox: Outbox) -> None:
    customer(MAILBOX)
    answers = [post("/forgotten-password/", {"email": typed}).status_code for typed in SPELLINGS]
    assert answers == as_often_as_the_budget()
    assert [mail.to for mail in outbox()] == [MAILBOX] * budget()


def test_beginning_a_recovery_with_every_spelling_meets_one_budget(outbox: Outbox) -> None:
    customer(MAILBOX)
    for typed in SPELLINGS:
        assert post("/recover/", {"email": typed}).status_code in {302, 429}
    told = [mail.to for mail in outbox()]
    assert set(told) == {MAILBOX}
    assert len(told) <= budget()


def test_every_spelling_signs_in() -> None:
    customer(MAILBOX)
    for typed in SPELLINGS:
        with undone():
            assert post("/sign-in/", {"login": typed, "password": PASSWORD}).status_code == 302, typed


def test_wrong_passwords_are_counted_in_one_lane() -> None:
    customer(MAILBOX)
    most = limits.current().sign_in.failures
    answers = [
        post("/sign-in/", {"login": typed, "password": "wrong"}).status_code
        for typed in (SPELLINGS * 10)[: most + len(SPELLINGS)]
    ]
    assert answers[: most - 1] == [200] * (most - 1)
    assert set(answers[most:]) == {429}


def test_what_is_no_address_makes_no_account_and_says_why(outbox: Outbox) -> None:
    for typed in REFUSED:
        page = post("/sign-up/", {"email": typed, "password1": PASSWORD})
        assert page.status_code == 200, typed
        assert "id_email_error" in page.text, typed
    assert not User.objects.exists()
    assert outbox() == []


@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/sign-in/", "login", {"password": PASSWORD}),
        ("/forgotten-password/", "email", {}),
        ("/recover/", "email", {}),
    ],
)
def test_a_look_up_answers_for_no_address_as_for_nobodys(path: str, field: str, more: dict[str, str]) -> None:
    nobodys = "nobody@example.com"
    usual = alike(post(path, {field: nobodys, **more}), nobodys)
    for typed in REFUSED:
        with undone():
            assert alike(post(path, {field: typed, **more}), typed) == usual, typed


@pytest.fixture
def home(client: Client) -> Client:
    """The browser of somebody else, who has just proven both steps."""
    signed_in(client, customer("ada@gmail.com"), (Method.PASSWORD, Method.TOTP))
    return client


@pytest.mark.parametrize("path", ["/security/email/", "/security/recovery/add/mail/"])
def test_a_new_address_in_every_spelling_meets_one_budget(home: Client, outbox: Outbox, path: str) -> None:
    pages = [home.post(path, {"email": typed}, follow=True) for typed in SPELLINGS]
    assert all(SHOWN in page.text for page in pages[: budget()])
    told = [mail.to for mail in outbox() if mail.to != "ada@gmail.com"]
    assert told == [MAILBOX] * budget()


def test_one_person_is_asked_once_to_be_a_contact(home: Client, outbox: Outbox) -> None:
    for typed in SPELLINGS:
        home.post("/security/recovery/contacts/add/", {"name": "Kim", "email": typed})
    assert [mail.to for mail in outbox() if mail.kind == "recovery_contact_invitation"] == [MAILBOX]


@pytest.mark.parametrize("typed", ["A.D.A@gmail.com", "ada+friend@gmail.com", "a.da@GoogleMail.com"])
def test_an_own_mailbox_is_no_contact_however_it_is_written(home: Client, typed: str) -> None:
    page = home.post("/security/recovery/contacts/add/", {"name": "Kim", "email": typed})
    assert "an address of your own" in page.text


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/security/email/", {}),
        ("/security/recovery/add/mail/", {}),
        ("/security/recovery/contacts/add/", {"name": "Kim"}),
    ],
)
def test_no_mail_goes_to_what_is_no_address(home: Client, outbox: Outbox, path: str, more: dict[str, str]) -> None:
    for typed in REFUSED:
        page = home.post(path, {"email": typed, **more})
        assert page.status_code == 200
        assert "id_email_error" in page.text
    assert outbox() == []


def test_people_read_the_letters_of_their_language_and_others_the_name_in_dns_too(
    client: Client, outbox: Outbox
) -> None:
    signed_in(client, customer(MAILBOX), (Method.PASSWORD, Method.TOTP))
    client.post("/security/recovery/contacts/add/", {"name": "May", "email": "may@zürich.example"})
    page = client.get("/security/recovery/").text
    assert f'Signed in as <span class="break">{SHOWN}' in page
    assert "may@zürich.example" in page
    asked = next(mail for mail in outbox() if mail.kind == "recovery_contact_invitation")
    assert asked.to == "may@xn--zrich-kva.example"
    assert asked.words["who"] == "kim@münchen.example (xn--mnchen-3ya.example)"


def test_the_help_desk_finds_a_customer_by_every_spelling() -> None:
    customer(MAILBOX)
    agent = Member(Role.AGENT)
    for typed in SPELLINGS:
        assert "k···@münchen.example" in agent.client.post("/staff/accounts/user/", {"wanted": typed}).text
    for typed in REFUSED:
        page = agent.client.post("/staff/accounts/user/", {"wanted": typed})
        assert page.status_code == 200
        assert "···@" not in page.text


def test_a_role_is_proposed_to_one_person_however_the_address_is_written() -> None:
    who, admin = customer(MAILBOX), Member(Role.ADMINISTRATOR)
    form = {"role": "agent", "verb": "grant", "reason": "joined"}
    path = "/staff/accounts/rolechange/propose/"
    for typed in REFUSED:
        page = admin.client.post(path, form | {"email": typed})
        assert page.status_code == 200
        assert "There is no account with this address." in page.text
    assert admin.client.post(path, form | {"email": SPELLINGS[2]}).status_code == 302
    assert RoleChange.objects.get().person_id == who.pk


def test_a_command_gives_a_role_to_one_person_however_the_address_is_written() -> None:
    who = customer(MAILBOX)
    for typed in SPELLINGS:
        with undone():
            call_command("staff", "grant", typed, "agent", stdout=StringIO())
            assert who.groups.get().name == "agent", typed
