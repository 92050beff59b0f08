"""A partner asks for one payment: the customer reads it, approves it, and it is done once (RFC 9396)."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.test_step_up_for_partner import add_app_elsewhere
from tests.journeys.walk import Customer, look_at, use_codes_again
from tests.stack import Stack


@pytest.mark.control("RFC9396-7")
def test_a_payment_from_the_consent_page_to_the_redeemed_approval(
    page: Page, portal: Stack, new_profile: NewProfile
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    app = add_app_elsewhere(customer, new_profile())  # this session has shown a password only
    page.goto(f"{portal.partner_url}/sign-in?scope=openid")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_role("button", name="Buy a teapot").click()
    page.get_by_role("heading", name="Show that it is you").wait_for()
    use_codes_again(portal, customer.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()

    page.get_by_role("heading", name="Tea House asks you to approve this").wait_for()
    asked = page.locator("dl.facts").inner_text().replace("\u00a0", " ")
    for words in ("49.90 EUR", "Ada's Teapots", "DE02 1001 0010 9307 1186 03", "One teapot"):
        assert words in asked
    assert page.get_by_role("checkbox").count() == 0  # nothing else is asked
    look_at(page)
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_text("Paid: 49.90 EUR to Ada's Teapots.").wait_for()
    page.get_by_role("button", name="Pay it once more").click()
    page.get_by_text(re.compile("^Not paid: You have not approved this")).wait_for()

    page.goto(f"{portal.url}/connected-apps/")
    page.get_by_role("link", name=re.compile("^Change what it sees")).click()
    page.get_by_role("heading", name="What you approved, latest first").wait_for()
    look_at(page)
    assert page.get_by_text("Not done").count() == 0
    # Another of the same is asked for again.
    page.goto(portal.partner_url)
    page.get_by_role("button", name="Buy a teapot").click()
    page.get_by_role("button", name="Don’t approve").click()
    page.get_by_text("access_denied").wait_for()
