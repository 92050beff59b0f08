"""Forgotten password: one answer for everyone, second factors untouched, nobody signed in, everybody signed out."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Device, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from tests import mailed
from tests.factories import PASSWORD, Message
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db

NEW = "seven lamps of quiet harbour"
Outbox = Callable[[], list[Message]]


def ask(client: Client, email: str) -> Any:
    return client.post("/forgotten-password/", {"email": email}, follow=True)


def follow(client: Client, link: str) -> Any:
    return client.get("/" + link.split("/", 3)[3], follow=True)


def set_new(client: Client, link: str, password: str = NEW) -> Any:
    follow(client, link)
    return client.post(mailed.page(client, "/forgotten-password/new-password/"), {"password": password})


@pytest.mark.control("v5.0.0-6.3.8")
def test_strangers_and_customers_see_the_same(customer: User, outbox: Outbox) -> None:
    known, strange = ask(Client(), customer.email), ask(Client(), "nobody@example.com")
    assert (known.status_code, known.redirect_chain) == (strange.status_code, strange.redirect_chain)
    assert known.text.split("<main")[1].split("Reference")[0] == strange.text.split("<main")[1].split("Reference")[0]
    assert [mail.to for mail in outbox()] == [customer.email]


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.usefixtures("unhurried")
def test_and_wait_as_long(customer: User) -> None:
    def seconds(email: str) -> float:
        started = time.perf_counter()
        ask(Client(), email)
        return time.perf_counter() - started

    seconds("warm@example.com")
    known = statistics.median(seconds(customer.email) for _ in range(5))
    strange = statistics.median(seconds(f"nobody{n}@example.com") for n in range(5))
    assert max(known, strange) / min(known, strange) < 1.5


@pytest.mark.control("v5.0.0-6.4.3", "v5.0.0-7.4.3")
def test_a_reset_ends_everything_signs_nobody_in_and_is_told(
    customer: User, sign_in: Callable[..., Client], outbox: Outbox
) -> None:
    before = sign_in(customer, on=Client())
    browser = Client()
    ask(browser, customer.email)
    assert "new password is set" in set_new(browser, outbox()[-1].words["link"]).text
    assert browser.get("/profile/").status_code == 302
    assert before.get("/profile/").status_code == 302
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    assert not Device.objects.filter(revoked_at__isnull=True).exists()
    assert outbox()[-1].kind == "password_was_reset"
    customer.refresh_from_db()
    assert customer.check_password(NEW)
    assert AuditEntry.objects.filter(name="recovery.password_reset", about=customer.pk).count() == 1


@pytest.mark.control("v5.0.0-6.4.1")
def test_a_link_is_single_use_and_expires_and_using_one_ends_all(customer: User, outbox: Outbox) -> None:
    ask(Client(), customer.email)
    first = outbox()[-1].words["link"]
    with time_machine.travel(clock.now() + timedelta(hours=limits.current().proof.link_hours)):
        assert set_new(Client(), first).status_code == 410
    ask(Client(), customer.email)
    second = outbox()[-1].words["link"]
    assert set_new(Client(), first).status_code == 200
    assert set_new(Client(), first).status_code == 410
    assert set_new(Client(), second).status_code == 410


@pytest.mark.control("v5.0.0-6.3.1")
def test_strangers_who_ask_void_no_link_that_the_owner_holds(customer: User, outbox: Outbox) -> None:
    ask(Client(), customer.email)
    mine = outbox()[-1].words["link"]
    most = limits.current().proof.mails_per_address_per_hour
    for _ in range(most + 2):
        ask(Client(), customer.email)
    assert len(outbox()) == most
    assert set_new(Client(), mine).status_code == 200
    customer.refresh_from_db()
    assert customer.check_password(NEW)


def test_the_link_that_a_stranger_asked_for_in_vain_works_too(customer: User, outbox: Outbox) -> None:
    """Once strangers have used up what is sent to an address, what they caused lies in its owner's mailbox."""
    for _ in range(limits.current().proof.mails_per_address_per_hour + 1):
        ask(Client(), customer.email)
    links = [mail.words["link"] for mail in outbox()]
    assert set_new(Client(), links[2]).status_code == 200
    assert {set_new(Client(), link).status_code for link in links} == {410}


def test_a_link_dies_when_the_password_changes(customer: User, outbox: Outbox) -> None:
    ask(Client(), customer.email)
    customer.set_password(PASSWORD)
    customer.save()
    assert set_new(Client(), outbox()[-1].words["link"]).status_code == 410


def test_a_weak_password_keeps_the_link_alive(customer: User, outbox: Outbox) -> None:
    ask(Client(), customer.email)
    link, browser = outbox()[-1].words["link"], Client()
    page = set_new(browser, link, "passwordpassword")
    assert page.status_code == 200
    assert "too easy to guess" in page.text
    assert set_new(browser, link).status_code == 200
    assert browser.get(mailed.page(browser, "/forgotten-password/new-password/")).status_code == 410


@pytest.mark.parametrize("trait", [{"proven": False}, {"is_active": False}])
def test_an_unproven_or_closed_account_gets_no_link(trait: dict[str, Any], outbox: Outbox) -> None:
    assert ask(Client(), new_customer(**trait).email).status_code == 200
    assert outbox() == []


def test_one_network_address_cannot_ask_for_ever(customer: User) -> None:
    most = limits.current().proof.mails_per_network_address_per_hour
    answers = [ask(Client(), f"nobody{n}@example.com").status_code for n in range(most + 1)]
    assert answers == [200] * most + [429]


def test_the_secret_of_the_link_is_not_in_the_address_of_the_page(customer: User, outbox: Outbox) -> None:
    ask(Client(), customer.email)
    link = outbox()[-1].words["link"]
    page = follow(Client(), link)
    assert link.rstrip("/").rsplit("/", 1)[1] not in page.request["PATH_INFO"]
    assert link.rstrip("/").rsplit("/", 1)[1] not in page.text
