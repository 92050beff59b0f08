"""A customer signs up, comes and goes, forgets the password, changes the address."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.walk import Customer, link_in, now_and_not_later, waiting_tasks
from tests.stack import Stack


def test_sign_up_to_sign_out(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    assert page.get_by_text("Only your password protects this account").is_visible()
    page.get_by_role("link", name="Profile", exact=True).first.click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your profile is saved.").wait_for()
    customer.sign_out()
    page.goto("/profile/")
    assert "/sign-in/" in page.url


@pytest.mark.control("v5.0.0-6.4.3")
def test_a_forgotten_password_is_set_anew_without_signing_in(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Check your mail").wait_for()
    link = link_in(customer.mailbox.wait_for("Set a new password"))
    page.goto(link)
    customer.password = "an otter reads the tide table"
    page.get_by_label("New password").fill(customer.password)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("heading", name="Your new password is set").wait_for()
    page.goto(link)
    page.get_by_role("heading", name="This link no longer works").wait_for()
    customer.sign_in_elsewhere()  # no browser is remembered across a reset
    customer.mailbox.wait_for("A new password was set")


def test_another_browser_is_seen_and_ended(page: Page, portal: Stack, new_profile: NewProfile) -> None:
    here = Customer(page, portal)
    here.sign_up()
    here.sign_in()
    there = Customer(new_profile().new_page(), portal, here.address)
    there.sign_in_elsewhere()
    here.mailbox.wait_for("New sign-in to your account")
    page.goto("/sessions/")
    end = page.get_by_role("button", name=re.compile(r"^End\b"))
    assert end.count() == 1
    end.click()
    page.get_by_text("That session is over.").wait_for()
    there.page.goto("/profile/")
    assert "/sign-in/" in there.page.url


def test_a_new_address_takes_the_place_of_the_old_one(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto("/security/email/")
    new = Customer(page, portal)
    page.get_by_label("New email address").fill(new.address)
    page.get_by_role("button", name="Send the link").click()
    customer.mailbox.wait_for("Somebody asked for a new email address")
    page.goto(link_in(new.mailbox.wait_for("Confirm your new email address")))
    page.get_by_role("button", name="Use the new address").click()
    page.get_by_text("Your email address is changed.").wait_for()
    customer.mailbox.wait_for("Your email address was changed")
    customer.sign_out()
    new.sign_in()


def test_the_mail_arrives_although_the_worker_was_killed(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    portal.kill("mail")
    try:
        page.goto("/sign-up/")
        page.get_by_label("Email address").fill(customer.address)
        page.get_by_label("Password", exact=True).fill(customer.password)
        page.get_by_role("button", name="Create account").click()
        page.get_by_role("heading", name="Check your mail").wait_for()
        assert waiting_tasks(portal) > 0
        assert customer.mailbox.messages() == []
    finally:
        portal.launch("mail")
    customer.mailbox.wait_for("Confirm your email address", patience=60)
    now_and_not_later(portal, "notifications.sweep")
    assert len(customer.mailbox.messages()) == 1
