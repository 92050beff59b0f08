"""What people read: whom they can call stands where they are sent there."""

import re

import pytest

from tests.house.test_code import ROOT

PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "admin" not in path.parts)
SENT = re.compile(
    "our help desk (makes sure|looks at it with you)|(with|call|tell|ask) our help desk|Ask our help desk"
)
# Parts of pages with a button that asks, and what is shown to somebody who speaks with the help desk right now.
PARTS = {"components/contest.html", "components/restriction.html", "recovery/desk/asked.html"}


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_that_sends_people_to_the_help_desk_says_how_to_reach_it(path: object) -> None:
    page = ROOT / "templates" / str(path)
    if str(page.relative_to(ROOT / "templates")) not in PARTS and SENT.search(page.read_text()):
        assert "components/help_desk.html" in page.read_text()
