"""The catalogues of texts. ``make texts`` brings each up to date, as ``makemessages`` and ``compilemessages`` would.

In pure Python, because GNU gettext is not on every machine, and because ``makemessages`` does not find the words of
reasons: they stand in policies, which know no gettext.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "locale"
ENGLISH = LOCALES / "en" / "LC_MESSAGES" / "django.po"
APPS = ("ciam_portal", "accounts", "consent", "recovery")
CALLS: dict[str, Any] = dict.fromkeys(("_", "lazy", "translate", "gettext"))
CALLS |= dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2))
CALLED = re.compile(rf"\b({'|'.join(CALLS)})\s*\(")  # what has none of them need not be read word by word
WORDED = {"Worded", "ReasonBase"}  # each member of these is a code and its words

HEAD = """\
# Written by `make texts`: what is translated stays, what is new is empty, what is gone is gone.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""

Text = str | tuple[str, ...]  # with its plural, if it has one


@cache
def extracted() -> Catalog:
    """Every text that goes through gettext, with the files that say it: they are read once."""
    catalog = Catalog(locale="en")
    modules = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    pages = list((ROOT / "templates").rglob("*.html"))
    for path in sorted([*modules, *pages]):
        source = path.read_text()
        found = [*in_python(source), *in_enumerations(source)] if path.suffix == ".py" else in_template(source)
        for text in found:
            catalog.add(text, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def in_python(source: str) -> Iterator[Text]:
    """What is given to gettext by a name of ours."""
    if not CALLED.search(source):
        return
    found: Iterator[Any] = extract_python(BytesIO(source.encode()), CALLS, [], {"encoding": "utf-8"})
    for _line, call, texts, _comments in found:
        given = texts if isinstance(texts, tuple) else (texts,)
        wanted = given[: 2 if CALLS[call] else 1]
        if all(wanted):  # a name instead of a text: its words are found where they stand
            yield wanted if CALLS[call] else wanted[0]


def in_template(source: str) -> Iterator[Text]:
    """What the tags and filters of a template give to gettext. (Indentation means nothing there.)"""
    yield from in_python("\n".join(line.lstrip() for line in templatize(source).splitlines()))


def in_enumerations(source: str) -> Iterator[Text]:
    """The words of reasons and of what is chosen from a list."""
    if not any(base in source for base in WORDED):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and WORDED & {getattr(base, "id", "") for base in node.bases}:
            for line in node.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
                    yield ast.literal_eval(line.value)[1]


def bring_up_to_date(folder: Path) -> None:
    """Each language in this folder gets what is new and loses what is gone; what is translated is compiled."""
    now = extracted()
    for path in sorted(folder.glob("*/LC_MESSAGES/django.po")):
        language = path.parts[-3]
        catalog = Catalog(locale=language)
        with path.open("rb") as file:
            before = read_po(file, locale=language)
        for message in now:
            if message.id:
                known = before.get(message.id)
                catalog.add(message.id, known.string if known else "", locations=message.locations)
        with path.open("wb") as file:
            file.write(HEAD.format(language=language, plural=catalog.plural_forms).encode())
            write_po(file, catalog, omit_header=True, sort_output=True, include_lineno=False, width=110)
        if language != "en":
            with path.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalog)


if __name__ == "__main__":
    bring_up_to_date(LOCALES)
