"""Staff come in through the same door as everybody, with two steps, and look without touching."""

import re

from playwright.sync_api import Page

from tests.journeys.walk import enter_as_staff, look_at
from tests.stack import Stack


def test_an_administrator_looks_at_the_audit(page: Page, portal: Stack) -> None:
    enter_as_staff(page, portal, "admin@example.com")
    page.get_by_role("link", name="Audit entries").click()
    page.get_by_role("cell", name="sign_in.completed").first.wait_for()
    assert page.get_by_role("link", name=re.compile("^Add")).count() == 0
    page.get_by_label("Event").select_option("sign_in.completed")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("cell", name="sign_in.completed").first.wait_for()
    assert page.get_by_role("cell", name="sign_in.weighed").count() == 0
    look_at(page)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Export as CSV").click()
    assert taken.value.path().read_text().startswith("id,at,name,about")
    page.get_by_label("Event").select_option("staff.exported")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("cell", name="staff.exported").first.wait_for()


def test_one_customers_row_takes_a_reason(page: Page, portal: Stack) -> None:
    enter_as_staff(page, portal, "admin@example.com")
    page.get_by_role("link", name="Decision entries").click()
    page.get_by_label("Asked for").select_option("sign_in")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("region", name="Decision entries").get_by_role("link").first.click()
    asked = page.get_by_role("heading", name="Why do you look?")
    asked.or_(page.get_by_text("This is your own account")).first.wait_for()
    look_at(page)
