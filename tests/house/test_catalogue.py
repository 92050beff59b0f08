"""Ready for a second language: the catalogue holds every text, and pages in another language show no English.

The other language is made here from the catalogue: every letter becomes a wide one, so that whatever still has ordinary
letters was not translated.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth
import django
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings as portal
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.reason import Worded
from consent.purposes.shipped import SHIPPED
from tests import catalogue, factories
from tests.accounts.staff import world
from tests.house.test_texts import below

PAGES = [path for path in (catalogue.ROOT / "templates").rglob("*.html") if "mail" not in path.parts]
LIBRARIES = [
    *Path(django.__file__).parent.glob("con*/**/locale/en/LC_MESSAGES/django.po"),
    Path(allauth.__file__).parent / "locale/en/LC_MESSAGES/django.po",
]
KEPT = re.compile(r"<[^>]*>|&\w+;|%\(\w+\)\w|%\w|\{\w*\}")  # markup, and places for values
SPOKEN = {"aria-label", "alt", "title", "placeholder"}
NO_TEXT = {"code", "pre", "script", "style", "option"}


class Said(HTMLParser):
    """What a page says: its texts, and the attributes that are read out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within.append(tag)
        submits = tag == "input" and ("type", "submit") in attrs
        self.texts += [value for name, value in attrs if value and (name in SPOKEN or (submits and name == "value"))]

    def handle_endtag(self, tag: str) -> None:
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not NO_TEXT & set(self.within):
            self.texts.append(data)


def english(page: str) -> set[str]:
    """Texts with a word in ordinary letters."""
    return {" ".join(text.split()) for text in Said(page).texts if re.search(r"[a-z]{2}", text, re.IGNORECASE)}


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="en")


def ids(catalog: Catalog) -> set[Any]:
    return {message.id for message in catalog if message.id}


def test_the_catalogue_is_complete_and_has_nothing_stale() -> None:
    written = read(catalogue.ENGLISH)
    assert ids(written) == ids(catalogue.extracted()), "run `make texts`"
    assert not [message.id for message in written if message.fuzzy]


def test_the_words_of_every_reason_are_in_it() -> None:
    assert get_resolver().url_patterns  # so everything is loaded
    words = {each.words for kind in below(Worded) for each in kind if each.words}
    assert words <= ids(read(catalogue.ENGLISH))


def of_its_own(template: str) -> set[str]:
    """What a template says without asking gettext."""
    source = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", template, flags=re.DOTALL)
    source = re.sub(r"\{% block(translate|( layout)).*?\{% endblock(?(2) |translate )%\}", "", source, flags=re.DOTALL)
    given = re.findall(r'\{% include [^%]*?\w="([A-Z][^"]*)"|\|default\w*:"([a-z ]{2,})"', source)
    return {text for pair in given for text in pair if text} | english(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "h1", source))


def test_a_template_says_nothing_but_by_gettext() -> None:
    sample = '{% include "x.html" with a=b title="Two words" %}<p title="Here">{{ x|default:"nobody" }} is there'
    assert of_its_own(sample) == {"Two words", "nobody", "Here", "h1 is there"}
    assert {path.name: said for path in PAGES if (said := of_its_own(path.read_text()))} == {}


def wide(text: Any) -> str:
    """The same in wide letters; markup and places for values stay."""
    kept = [*KEPT.findall(text), ""]
    said = [re.sub("[A-Za-z]", lambda letter: chr(ord(letter[0]) + 0xFEE0), part) for part in KEPT.split(text)]
    return "".join(part + stays for part, stays in zip(said, kept, strict=True))


@pytest.fixture(scope="module")
def wide_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Catalog(locale="en")
    for message in (message for path in [*LIBRARIES, catalogue.ENGLISH] for message in read(path) if message.id):
        said = tuple(map(wide, message.id)) if isinstance(message.id, tuple) else wide(message.id)
        made.add(message.id, said, context=message.context)
    folder = tmp_path_factory.mktemp("locale")
    path = folder / "xx" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, made)
    return folder


REFERENCE = "[A-Z2-9]{4}-[A-Z2-9]{4}"


@pytest.fixture
def _in_another_language(settings: Any, wide_letters: Path) -> None:
    settings.LOCALE_PATHS, settings.LANGUAGES, settings.LANGUAGE_CODE = [wide_letters], [("xx", "Ｗｉｄｅ")], "xx"
    settings.PORTAL_NAME = "Ｐｏｒｔａｌ"
    settings.HELP_DESK = replace(settings.HELP_DESK, email="@", hours="9-17")


def addresses() -> Iterator[str]:
    """Every page for customers that needs nothing but a look."""
    namespaces = get_resolver().namespace_dict
    routes = {"": get_resolver()} | {f"{name}:": namespaces[name][1] for name in ("accounts", "recovery", "consent")}
    for prefix, resolver in routes.items():
        for name in (name for name in resolver.reverse_dict if isinstance(name, str)):
            try:
                yield reverse(prefix + name)
            except NoReverseMatch:
                continue


@pytest.mark.django_db
@pytest.mark.usefixtures("_in_another_language")
def test_pages_for_customers_are_in_their_language(customer: User, client: Client) -> None:
    world.make(customer)
    factories.signed_in(client, customer, (Method.PASSWORD, Method.TOTP), clock.now())
    said = {text for each in SHIPPED for text in each.texts["en"].values()}  # kept with their translations, as data
    names = said | {customer.shown_email, customer.reference, "Firefox", "Linux", "Shop", "shop.example", "UTC"}
    left = set()
    for path in addresses():
        for who in (Client(), client):
            answer = who.get(path)
            if "html" in answer.get("Content-Type", ""):
                left |= {
                    re.sub(f"{REFERENCE}|{'|'.join(map(re.escape, names))}", "", text) for text in english(answer.text)
                }
    assert not {text for text in left if re.search(r"[a-z]{2}", text, re.IGNORECASE)}
    assert portal.PORTAL_NAME == "Ｐｏｒｔａｌ"
