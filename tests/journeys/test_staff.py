"""Staff come in through the same door as everybody, with two steps, and look without touching."""

import re
import time

from playwright.sync_api import Page

from tests.journeys.walk import Customer
from tests.stack import Stack


def test_an_administrator_looks_at_the_audit(page: Page, portal: Stack) -> None:
    admin = Customer(page, portal, "admin@example.com", "correct horse battery staple")
    page.goto("/staff/")
    admin.type_credentials()
    page.get_by_role("heading", name="Second step").wait_for()
    while time.time() % 30 > 20:  # reading and typing a code takes a moment, as it does for a person
        time.sleep(1)
    page.get_by_role("textbox").first.fill(portal.manage("demo", "--code", admin.address).strip())
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Audit entries").click()
    page.get_by_text("sign_in.completed").first.wait_for()
    assert page.get_by_role("link", name=re.compile("^Add")).count() == 0
