"""Staff come in through the same door as everybody, with two steps, and look without touching."""

import re

from playwright.sync_api import Page

from tests.journeys.walk import enter_as_staff
from tests.stack import Stack


def test_an_administrator_looks_at_the_audit(page: Page, portal: Stack) -> None:
    enter_as_staff(page, portal, "admin@example.com")
    page.get_by_role("link", name="Audit entries").click()
    page.get_by_text("sign_in.completed").first.wait_for()
    assert page.get_by_role("link", name=re.compile("^Add")).count() == 0
