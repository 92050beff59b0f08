"""Somebody whom a customer trusts: named, asked, agreed; then, on the day it is needed, called, and a code read out."""

import re
import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.walk import Customer, Mailbox, earlier, link_in, look_at
from tests.stack import Stack


def name_somebody(page: Page, theirs: Page, customer: Customer, friend: Mailbox) -> None:
    """The customer names somebody, who is asked by mail and agrees."""
    page.goto("/security/recovery/")
    look_at(page)
    page.get_by_role("link", name="Add a recovery contact").click()
    look_at(page)
    page.get_by_label("What you call them").fill("Aunt May")
    page.get_by_label("Their email address").fill(friend.address)
    page.get_by_role("button", name="Ask them").click()
    page.get_by_text("Has not answered yet").wait_for()
    look_at(page)

    theirs.goto(link_in(friend.wait_for("Will you be a recovery contact?")))
    look_at(theirs)
    theirs.get_by_role("button", name="Yes, I will help").click()
    theirs.get_by_role("heading", name="you are a recovery contact").wait_for()
    look_at(theirs)
    customer.mailbox.wait_for("You have a recovery contact")
    page.reload()
    page.get_by_text("can help from").wait_for()
    look_at(page)


@pytest.mark.control("63B 4.2.1.3")
def test_a_contact_is_named_agrees_and_helps(
    page: Page, new_profile: NewProfile, portal: Stack, complaints: list[str]
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    address = f"may-{uuid.uuid4().hex[:8]}@example.org"
    friend = Mailbox(portal.mail_dir, address)
    theirs = new_profile(viewport={"width": 390, "height": 844}).new_page()
    name_somebody(page, theirs, customer, friend)
    customer.sign_out()
    earlier(portal, customer.address, timedelta(days=30), "recovery.Contact")

    page.goto("/recover/")
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("link", name="Ask somebody I trust").click()
    look_at(page)
    page.get_by_role("button", name="Ask the people I trust").click()
    customer.mailbox.wait_for("Your recovery contacts were asked")

    theirs.goto(link_in(friend.wait_for("Somebody asks for your help")))
    theirs.get_by_text("by voice, before you do this").wait_for()
    look_at(theirs)
    theirs.get_by_role("button", name="Show the code").click()
    theirs.get_by_text("Please call them first").first.wait_for()
    look_at(theirs)
    theirs.get_by_label("I have called them").check()
    theirs.get_by_role("button", name="Show the code").click()
    theirs.get_by_role("heading", name="Read this code to them").wait_for()
    look_at(theirs)
    code = re.sub(r"\s", "", theirs.locator(".spoken").inner_text())
    theirs.goto(theirs.url)
    theirs.get_by_role("heading", name="This link no longer works").wait_for()
    look_at(theirs)

    page.get_by_label("Code from the person you trust").fill(code)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name="Please wait until").wait_for()
    customer.mailbox.wait_for("Somebody is recovering your account")
