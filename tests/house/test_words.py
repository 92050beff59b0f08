"""What people read: whom they can call stands where they are sent there."""

import re
from pathlib import Path

import pytest

from tests.house.test_code import ROOT

PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "admin" not in path.parts)
SENT = re.compile("our help desk (makes sure|looks at it with you)|(with|call|tell|[Aa]sk) our help desk")
# Parts of pages with a button that asks, and what is shown to somebody who speaks with the help desk right now.
PARTS = {"components/contest.html", "components/restriction.html", "recovery/desk/asked.html"}


@pytest.mark.parametrize("path", PAGES, ids=str)
def test_a_page_that_sends_people_to_the_help_desk_says_how_to_reach_it(path: Path) -> None:
    name, page = str(path.relative_to(ROOT / "templates")), path.read_text()
    assert name in PARTS or not SENT.search(page) or "components/help_desk.html" in page
