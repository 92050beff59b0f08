"""A changed policy file decides nothing until a second administrator has approved it; then it does, everywhere."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from ciam_portal.core.policy import limits
from tests.journeys.browser import NewProfile
from tests.journeys.walk import enter_as_staff, look_at
from tests.stack import Stack

WAIT = "retry_seconds = 20"


def enter(page: Page, portal: Stack, address: str) -> Page:
    """An administrator in a browser of their own, on the list of versions."""
    enter_as_staff(page, portal, address)
    page.get_by_role("link", name="Policy versions").first.click()
    return page


def look(page: Page, version: str) -> None:
    page.get_by_role("link", name=version).click()
    page.get_by_role("heading", name=f"Policy version {version}").wait_for()
    look_at(page)


def test_two_people_change_the_policy(
    new_profile: NewProfile, portal: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = limits.DEFAULT.read_text()
    assert WAIT in text
    file = tmp_path / "policy.toml"
    file.write_text(text.replace(WAIT, "retry_seconds = 23"))
    version = limits.load(file).version
    monkeypatch.setenv("CIAM_POLICY", str(file))
    assert "kept as a candidate" in portal.manage("policy", "install")
    monkeypatch.delenv("CIAM_POLICY")

    first = enter(new_profile().new_page(), portal, "admin@example.com")
    look(first, version)
    first.get_by_role("button", name="Replay the past").click()
    propose = first.get_by_role("button", name="Attach replay and propose")
    again = first.get_by_role("link", name="Look again")
    end = time.monotonic() + 60
    while not propose.is_visible():
        assert time.monotonic() < end, first.get_by_role("main").inner_text()
        again.click() if again.is_visible() else first.reload()
        first.wait_for_timeout(200)
    look_at(first)
    propose.focus()
    first.keyboard.press("Enter")
    first.get_by_text("You proposed this version, so somebody else must approve it.").wait_for()
    assert first.get_by_role("button", name=re.compile("^Approve")).count() == 0

    second = enter(new_profile().new_page(), portal, "admin2@example.com")
    look(second, version)
    second.get_by_role("cell", name="23", exact=True).wait_for()
    second.get_by_role("button", name=re.compile("^Approve")).click()
    second.get_by_text("This version decides.").wait_for()
    assert re.search(rf"{version}\s+deciding", portal.manage("policy", "list"))
    assert "is not the approved version" in portal.manage("policy", "install")  # the file is the old one again
