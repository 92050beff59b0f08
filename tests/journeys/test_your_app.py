"""A partner's engineer replaces the secret of their app: both work for a while, what is used is seen, one is ended."""

import base64
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page

from tests.journeys.walk import Customer, look_at
from tests.stack import Stack


def opens(portal: Stack, client_id: str, secret: str) -> bool:
    """Whether the app is known by this secret."""
    shown = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    asked = urllib.request.Request(
        f"{portal.url}/api/partner/credentials", b"", {"Authorization": f"Basic {shown}"}, method="POST"
    )
    try:
        return bool(urllib.request.urlopen(asked, timeout=30).status == 200)
    except urllib.error.HTTPError as refused:
        if refused.code == 401:
            return False
        raise


@pytest.mark.control("NHI7:2025")
def test_a_secret_is_replaced_with_an_overlap_and_the_former_one_ended(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    added = portal.manage(
        *("partner", "add", "Till", "--profile", "service", "--owner", customer.address, "--purpose", "Counts shoes.")
    )
    client_id, old = (line.partition("=")[2] for line in added.splitlines()[:2])

    page.goto("/connected-apps/")
    page.get_by_role("link", name="your apps").click()
    page.get_by_role("link", name="Till").click()
    page.get_by_text("Never used").wait_for()
    page.get_by_role("link", name="Replace").click()
    look_at(page)
    page.get_by_role("button", name="Replace").click()
    page.get_by_role("heading", name="The new secret of Till").wait_for()
    new = page.locator("dl.facts code").nth(1).inner_text()
    assert [opens(portal, client_id, secret) for secret in (old, new)] == [True, True]

    page.get_by_role("link", name="I have saved it").click()
    look_at(page)
    assert page.get_by_text("Last used").count() == 2
    page.get_by_role("button", name=re.compile("^End now.*former")).click()
    page.get_by_text("It has ended, and no longer works.").wait_for()
    assert [opens(portal, client_id, secret) for secret in (old, new)] == [False, True]
