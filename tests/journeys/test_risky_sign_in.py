"""A sign-in from a new browser is challenged; what is sensitive asks again, and goes on where it was."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page

from ciam_portal.core.policy import limits
from tests.journeys.browser import NewProfile
from tests.journeys.walk import Customer, code_in, earlier, look_at
from tests.stack import Stack


@pytest.fixture
def elsewhere(new_profile: NewProfile) -> Page:
    """A browser that has never been here."""
    return new_profile().new_page()


def test_a_new_browser_is_challenged_and_the_known_one_is_not(
    page: Page, portal: Stack, elsewhere: Page, complaints: list[str]
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()  # where the address was proven: no question
    customer.sign_out()
    there = Customer(elsewhere, portal, customer.address)
    there.page.goto("/sign-in/")
    there.type_credentials()
    there.page.get_by_role("heading", name="Second step").wait_for()
    there.page.get_by_text("Something about this is unusual for your account").wait_for()
    assert customer.address not in there.page.locator("main").inner_text()
    first = code_in(customer.mailbox.wait_for("code to sign in"))
    there.type_code("00000000" if first != "00000000" else "11111111")
    there.page.get_by_text("This code is not right, or it is too old.").first.wait_for()
    look_at(there.page)
    there.page.get_by_role("button", name="Send another code").click()
    there.page.get_by_text("We have sent you a new code.").wait_for()
    second = code_in(customer.mailbox.wait_for("code to sign in", count=2))
    there.type_code(first)
    there.page.get_by_text("This code is not right, or it is too old.").first.wait_for()
    there.type_code(second)
    there.page.get_by_role("button", name="Sign out").wait_for()
    customer.sign_in()  # and here still no question


def test_nobody_binds_a_factor_from_a_browser_that_is_new(page: Page, portal: Stack, elsewhere: Page) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    there = Customer(elsewhere, portal, customer.address)
    there.sign_in_elsewhere()
    for path in ("/security/app/add/", "/security/passkeys/add/"):
        there.page.goto(path)
        there.page.get_by_role("heading", name="This has to wait").wait_for()
        assert re.search(r"after \d{1,2} \w+ \d{4}, \d\d:\d\d", there.page.locator("main").inner_text())
    look_at(there.page)
    customer.sign_in()
    page.goto("/security/app/add/")
    page.get_by_role("button", name="Turn on").wait_for()


def open_form(page: Page, address: str) -> None:
    page.goto("/security/email/")
    page.get_by_label("New email address").fill(address)


def grow_stale(customer: Customer) -> None:
    """What this session has proven was proven too long ago."""
    proofs = (f"accounts.Session.{column}" for column in ("auth_time", "level_at", "challenged_at", "recognized_at"))
    ago = timedelta(seconds=limits.load().actions["change_email"].fresh_seconds)
    earlier(customer.portal, customer.address, ago, *proofs)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Show that it is you").wait_for()


def type_password(customer: Customer, page: Page) -> None:
    page.get_by_label("Your password").fill(customer.password)
    page.get_by_role("button", name="Continue", exact=True).click()


@pytest.mark.control("v5.0.0-7.2.4", "v5.0.0-7.5.1")
def test_a_new_address_asks_again_and_two_tabs_keep_their_work(
    page: Page, portal: Stack, context: BrowserContext, complaints: list[str]
) -> None:
    customer, other = Customer(page, portal), context.new_page()
    customer.sign_up()
    customer.sign_in()
    open_form(page, "one@example.net")
    open_form(other, "two@example.net")
    grow_stale(customer)
    send(page)
    look_at(page)
    send(other)
    type_password(customer, page)
    page.get_by_role("heading", name="Ask for the new email address?").wait_for()
    assert "one@example.net" in page.locator("main").inner_text()
    look_at(page)
    other.reload()  # one proof serves both tabs
    other.get_by_role("heading", name="Ask for the new email address?").wait_for()
    assert "two@example.net" in other.locator("main").inner_text()
    grow_stale(customer)
    page.get_by_role("button", name="Go on").click()  # too late: asked once more, and nothing is lost
    page.get_by_role("heading", name="Show that it is you").wait_for()
    type_password(customer, page)
    while page.locator("main h1").inner_text() != "Ask for the new email address?":
        page.wait_for_timeout(50)
    page.locator("main a, main button").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("one@example.net").first.wait_for()
    assert Customer(page, portal, "one@example.net").mailbox.wait_for("Confirm your new email address")
    assert Customer(page, portal, "two@example.net").mailbox.messages() == []
    page.go_back()
    page.get_by_role("heading", name="This was done or has expired").wait_for()
    look_at(page)
