"""An account opened with a sign-in elsewhere: it lets in, and is never taken away as the last thing that does."""

from playwright.sync_api import Page

from tests.journeys.walk import Customer, link_in, look_at
from tests.stack import Stack


def test_an_account_with_a_sign_in_elsewhere(page: Page, portal: Stack, complaints: list[str]) -> None:
    customer = Customer(page, portal)
    page.goto("/sign-up/")
    page.get_by_role("button", name="Continue with Elsewhere").click()
    page.get_by_role("button", name="Somebody without an email address").click()
    page.get_by_label("Email address").fill(customer.address)
    look_at(page)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Check your mail").wait_for()
    page.goto(link_in(customer.mailbox.wait_for("Confirm your email address")))
    page.get_by_role("button", name="Confirm this address").click()
    page.get_by_text("Your address is confirmed").wait_for()
    page.goto("/security/with/elsewhere/unlink/")
    page.get_by_role("link", name="Set a password").wait_for()
    look_at(page)
    customer.sign_out()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Continue with Elsewhere").click()
    page.get_by_role("button", name="Somebody without an email address").click()
    page.get_by_role("button", name="Sign out").wait_for()
