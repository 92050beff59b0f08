"""Somebody whose finger is quicker than the network."""

import re

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.test_partner import claims
from tests.journeys.walk import Customer
from tests.stack import Stack


def fill_in(page: Page, customer: Customer) -> None:
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_label("Password", exact=True).fill(customer.password)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no_scripts"])
def test_signing_in_with_a_double_click(new_profile: NewProfile, portal: Stack, scripts: bool) -> None:
    page = new_profile(java_script_enabled=scripts).new_page()
    customer = Customer(page, portal)
    customer.sign_up()
    page.goto("/sign-in/")
    fill_in(page, customer)
    page.get_by_role("button", name="Sign in", exact=True).dblclick(delay=40)
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/sessions/")
    assert page.get_by_role("button", name="Sign out here").count() == 1
    assert page.get_by_role("button", name=re.compile("^End")).count() == 0


def test_allowing_with_a_double_click_connects_the_app_once(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    page.goto(portal.partner_url)
    page.get_by_role("link", name="Sign in with the portal").click()
    fill_in(page, customer)
    page.get_by_role("button", name="Sign in", exact=True).dblclick(delay=40)
    page.get_by_role("heading", name=re.compile("asks to see")).wait_for()
    page.get_by_label("Your email address").check()
    page.get_by_role("button", name="Allow", exact=True).dblclick(delay=40)
    assert claims(page)["email"] == customer.address
    page.get_by_role("button", name="Call the API").click()
    assert claims(page, "profile")["email"] == customer.address
