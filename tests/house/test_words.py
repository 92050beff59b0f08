"""What people read: one word for one thing (README, *Words for people*), and whom to call where they are sent there."""

import re
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from ciam_portal.core.explain import actions, features, findings, reasons
from tests import catalogue
from tests.house.test_code import ROOT

PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "admin" not in path.parts)
SENT = re.compile("our help desk (makes sure|looks at it with you)|(with|call|tell|[Aa]sk) our help desk")
# Parts of pages with a button that asks, and what is shown to somebody who speaks with the help desk right now.
PARTS = {"components/contest.html", "components/restriction.html", "recovery/desk/asked.html"}


def says_whom_to_call(path: Path) -> bool:
    name, page = str(path.relative_to(ROOT / "templates")), path.read_text()
    return name in PARTS or not SENT.search(page) or "components/help_desk.html" in page


def test_a_page_that_sends_people_to_the_help_desk_says_how_to_reach_it() -> None:
    assert [str(path) for path in PAGES if not says_whom_to_call(path)] == []


NEVER = re.compile(
    r"""e-mails?|mail\ addresse?s?|factors?|multi-factor|credentials?|prove[nsd]?|proofs?|verif(y|ied|ication)|
    authenticat(e|ed)|user\ agents?|(recovery|emergency)\ codes?|relying\ part(y|ies)|partners?|suspend(ed)?|frozen|
    log(ged|ging)?[ -]?(in|out)|(work|works|is|are)\ no\ more|not\ \w+\ any\ more|nothing\ any\ more|works\ any\ more|
    dead|anew|contact\ us""",
    re.IGNORECASE | re.VERBOSE,
)
WHOLE = re.compile(rf"(?<![\w-])(?:{NEVER.pattern})(?![\w-])", NEVER.flags)
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?[a-z][^>]*>|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
# The staff site speaks the words of the house, and so do the help desk's and the operator's registers.
OF_STAFF = re.compile(
    r"admin|accounts/staff/(forms|policy)|staff_site|templates/staff|desk/policy|/watch/|governance|explain"
)
MESSAGES = [
    (text, [place for place, _line in message.locations])
    for message in read_po(StringIO(catalogue.ENGLISH.read_text()))
    for text in map(str, message.id if isinstance(message.id, tuple) else (message.id,))
    if text
]
EXPLAINED = [words.customer for words in (*findings.FINDINGS.values(), *reasons.GATE.values())]
EXPLAINED += [*features.SEEN, *actions.DOING.values()]
SENT_OUT = sorted(path for name in ("mail", "sms") for path in (ROOT / "templates" / name).glob("*.txt"))


def unwanted(text: object) -> list[str]:
    return [found[0] for found in WHOLE.finditer(PLACES.sub(" ", str(text)))]


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("Your e-mail", False), ("a second factor", False), ("The link is dead", False), ("It works no more", False),
        ("Begin anew", False), ("Log in", False), ("proven", False), ("Your email", True), ("Sign in again", True),
        ("an authenticator app", True), ("It no longer works", True), ("{{ factor }}", True), ("improved", True),
    ],
)  # fmt: skip
def test_a_word_that_is_not_ours_is_found_and_others_are_not(text: str, ours: bool) -> None:
    assert (not unwanted(text)) is ours


def is_of_staff(places: list[str]) -> bool:
    return bool(places) and all(OF_STAFF.search(place) for place in places)


def test_pages_use_our_words() -> None:
    assert [text for text, places in MESSAGES if not is_of_staff(places) and unwanted(text)] == []


def test_what_a_decision_says_to_its_customer_uses_our_words() -> None:
    assert [str(text) for text in EXPLAINED if unwanted(text)] == []


def test_messages_use_our_words() -> None:
    assert [str(path) for path in SENT_OUT if unwanted(path.read_text())] == []


def test_there_is_something_to_read() -> None:
    assert all(len(read) > 20 for read in (PAGES, MESSAGES, EXPLAINED, SENT_OUT))
