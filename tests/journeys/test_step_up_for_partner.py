"""A partner asks for something sensitive: the portal wants more first, the customer proves it, the partner gets it."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.journeys.browser import NewProfile
from tests.journeys.test_factors import App, add_app
from tests.journeys.walk import Customer, allow_all, use_codes_again
from tests.stack import Stack


def ask_for_sign_ins(page: Page, portal: Stack) -> None:
    """Signed in at the portal, to the partner; there the button, which needs a new permission."""
    page.goto(f"{portal.partner_url}/sign-in")
    allow_all(page)
    page.get_by_role("button", name="See my sign-ins").click()


def allow_sign_ins(page: Page) -> None:
    """The portal asks for it."""
    page.get_by_text("Where and when you signed in").first.wait_for()
    allow_all(page)


def add_app_elsewhere(customer: Customer, context: BrowserContext) -> App:
    """In a second session of the same browser."""
    kept = [dict(each) for each in customer.page.context.cookies() if not each["name"].endswith("session")]
    context.add_cookies(kept)  # type: ignore[arg-type]  # the same form
    other = Customer(context.new_page(), customer.portal, customer.address)
    other.sign_in()
    return add_app(other.page)


@pytest.mark.control("RFC9470-3", "RFC9470-4", "RFC9470-5")
def test_the_customer_proves_more_on_the_way_and_the_partner_sees_it(
    page: Page, portal: Stack, new_profile: NewProfile
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    app = add_app_elsewhere(customer, new_profile())  # this session has shown a password only
    ask_for_sign_ins(page, portal)
    page.get_by_role("heading", name="Show that it is you").wait_for()
    use_codes_again(portal, customer.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()
    allow_sign_ins(page)  # what only a second factor opens is let out by one only; that is fresh enough to read it, too
    row = page.locator("#sign-ins tr").first
    row.wait_for()
    assert "aal2" in row.inner_text()
    assert "aal2" in page.locator("#claims").inner_text()
    # It is fresh now: the next look asks nothing.
    page.get_by_role("button", name="See my sign-ins").click()
    page.locator("#sign-ins tr").first.wait_for()


def test_without_a_second_step_the_partner_says_what_is_missing(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    ask_for_sign_ins(page, portal)
    allow_sign_ins(page)
    page.get_by_text("Your account would have to show aal2; it can show aal1.").wait_for()
