"""A partner built on somebody else's OAuth library signs a customer in, and is cut off when the customer says so."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.walk import Customer
from tests.stack import Stack


def claims(page: Page, table: str = "claims") -> dict[str, str]:
    rows = page.locator(f"#{table} tr")
    rows.first.wait_for()
    cells = [(row.locator("th").inner_text(), row.locator("td").inner_text()) for row in rows.all()]
    return dict(cells)


@pytest.mark.control("v5.0.0-10.7.1", "v5.0.0-10.7.3")
def test_a_partner_sees_what_was_allowed_until_it_is_withdrawn(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    page.goto(portal.partner_url)
    page.get_by_role("link", name="Sign in with the portal").click()
    customer.type_credentials()
    page.get_by_role("heading", name=re.compile("asks to see")).wait_for()
    assert not page.get_by_label("Your phone number").is_checked()
    page.get_by_label("Your email address").check()
    page.get_by_label("Stay connected while you are away").check()
    page.get_by_role("button", name="Allow", exact=True).click()
    learned = claims(page)
    assert learned["email"] == customer.address
    assert learned["acr"] == "aal1"
    assert learned["iss"] == portal.url
    assert "phone_number" not in learned
    page.get_by_role("button", name="Call the API").click()
    told = claims(page, "profile")
    assert told["email"] == customer.address
    assert "phone_number" not in told
    page.get_by_role("button", name="Refresh the tokens").click()
    page.get_by_text("The tokens are new.").wait_for()
    page.get_by_role("button", name="Call the API").click()
    assert claims(page, "profile")["sub"] == learned["sub"]

    page.goto(f"{portal.url}/connected-apps/")
    page.get_by_role("link", name=re.compile("^Disconnect")).click()
    page.get_by_role("button", name="Disconnect", exact=True).click()
    page.get_by_text("No app is connected").wait_for()
    page.goto(portal.partner_url)
    page.get_by_role("button", name="Call the API").click()
    page.get_by_text("The portal said no").wait_for()
    page.get_by_role("button", name="Refresh the tokens").click()
    page.get_by_text("invalid_grant").wait_for()
    customer.mailbox.wait_for("Tea House")


def test_saying_no_tells_the_partner_and_gives_nothing(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto(f"{portal.partner_url}/sign-in")
    page.get_by_role("button", name="Don’t allow").click()
    page.get_by_text("access_denied").wait_for()
    page.goto(f"{portal.url}/connected-apps/")
    page.get_by_text("No app is connected").wait_for()


def test_the_second_visit_asks_nothing_and_logout_ends_both(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto(f"{portal.partner_url}/sign-in")
    page.get_by_role("button", name="Allow", exact=True).click()
    first = claims(page)
    page.goto(f"{portal.partner_url}/sign-in")
    assert claims(page)["sub"] == first["sub"]
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in with the portal").wait_for()
    page.goto(f"{portal.url}/profile/")
    assert "/sign-in/" in page.url


def test_a_fresh_sign_in_is_proven_when_the_partner_asks(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto(f"{portal.partner_url}/sign-in?prompt=login")
    page.get_by_role("heading", name="Show that it is you").wait_for()
    page.get_by_label("Your password").fill(customer.password)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).click()
    assert claims(page)["acr"] == "aal1"
