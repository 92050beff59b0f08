"""A sign-up that looks like a program's: the browser works for a moment; without scripts a link comes first."""

import pytest

from tests.journeys.browser import NewProfile
from tests.journeys.walk import PASSWORD, Customer, link_in
from tests.stack import Stack


@pytest.mark.parametrize("scripts", [True, False], ids=["by work", "by mail"])
def test_a_throw_away_address(new_profile: NewProfile, portal: Stack, scripts: bool) -> None:
    page = new_profile(java_script_enabled=scripts).new_page()
    customer = Customer(page, portal, address=f"traveller{int(scripts)}@mailinator.com")
    page.goto("/sign-up/")
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    if not scripts:
        page.get_by_role("heading", name="One more step").wait_for()
        page.get_by_role("button", name="Send me a link").click()
    page.get_by_role("heading", name="Check your mail").wait_for()
    if scripts:
        page.goto(link_in(customer.mailbox.wait_for("Confirm your email address")))
        page.get_by_role("button", name="Confirm this address").click()
        page.get_by_text("Your address is confirmed").wait_for()
        return
    page.goto(link_in(customer.mailbox.wait_for("Finish opening your account")))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Your account is ready").wait_for()
    customer.sign_in()
