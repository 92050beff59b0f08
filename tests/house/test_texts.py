"""Texts in code that people read go through gettext: marked where they are written, translated when they are shown.

Policies are pure and know no gettext: whoever shows the words of their reasons translates them (``core/words.py``).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import pytest
from django import forms
from django.db.models import TextChoices
from django.urls import get_resolver
from django.utils import translation
from django.utils.functional import Promise

from ciam_portal.core.explain import actions, features, findings, reasons
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.core.words import choices, sentence
from tests.house.test_code import ROOT, SOURCES, tree

OURS = {"accounts", "ciam_portal", "consent", "recovery"}
MARKS = {"_", "lazy", "translate", "ngettext", "ngettext_lazy"}
KEYWORDS = {"label", "help_text", "empty_label", "description", "title"}
ATTRIBUTES = {"site_header", "site_title", "index_title"}
CALLS = {"Said", "Words", "Shown", "Part", "StaffAction", "Step", "add_error", "Unanswerable", "Unusable"}
NOT_PAGES = {"management", "settings", "decisions", "signals", "data_use", "headless"}  # commands; what developers read
READ_AS_CODES = ("core/words.py", "core/policy/reason.py", "core/mailbox.py", "core/outbox/mail.py")
NAMED_BY_THEIR_PAGES = {"LinkAnswer", "Undo", "Narrow", "Keep"}

PAGES = [path for path in SOURCES if not NOT_PAGES & set(path.parts)]


def called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def is_text(node: ast.expr) -> bool:
    """A sentence, or a word that begins one; not a code or a name."""
    if isinstance(node, ast.JoinedStr):
        return any(is_text(part) for part in node.values)
    words = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return bool(re.match(r"[A-Z][a-z]|.*[a-z] [a-z]", words))


def shown(module: ast.Module) -> Iterator[ast.expr]:
    """What stands where people read it: labels, titles, messages, words."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and called(node.targets[0]) in ATTRIBUTES:
            yield node.value
        if isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg in KEYWORDS)
            if called(node.func) in CALLS or called(getattr(node.func, "value", node)) == "messages":
                yield from node.args


def test_what_people_read_is_marked() -> None:
    assert not [f"{path}: {ast.unparse(each)}" for path in PAGES for each in shown(tree(path)) if is_text(each)]


SPEAKS = re.compile(
    r"""(?:textContent|innerText|innerHTML|title|placeholder|alt) = ["'`]|"aria-label", ["'`]|alert\("""
)


def test_scripts_take_their_words_from_the_page() -> None:
    assert all(SPEAKS.search(line) for line in ('a.textContent = "Hide";', 'a.setAttribute("aria-label", `Hide`);'))
    scripts = list((ROOT / "static").glob("*.js"))
    assert scripts
    assert not [path.name for path in scripts if SPEAKS.search(path.read_text())]


TELLERS = {"ciam_portal.core.outbox.tell", "accounts.lock.flows.everywhere"}
EAGER = {"gettext", "ngettext", "sentence", "span"}


def told_too_early(module: ast.Module) -> set[str]:
    """What is translated where somebody is told something, though they may read another language."""
    imports = [node for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    names = {(node.module, each.name) for node in imports for each in node.names}
    if not TELLERS & {source for source, _name in names}:
        return set()
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and called(node.func) == "str"]
    return EAGER & {name for _source, name in names} | {
        ast.unparse(call) for call in calls if {called(each) for each in call.args} & {"title", "label", "words"}
    }


def test_what_somebody_is_told_is_translated_when_they_read_it() -> None:
    teller = "from ciam_portal.core.outbox.tell import tell\n"
    for source in ("from django.utils.translation import gettext as _", "str(scope.title)"):
        assert told_too_early(ast.parse(teller + source))
        assert not told_too_early(ast.parse(source))
    assert not {path: found for path in PAGES if (found := told_too_early(tree(path)))}


def read_raw(module: ast.Module) -> Iterator[ast.Attribute]:
    """Where somebody takes the words of a reason without translating them."""
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    fine = {id(each) for call in calls for each in [call.func, *(call.args if called(call.func) in MARKS else [])]}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr == "words" and id(node) not in fine:
            yield node


def test_the_words_of_a_reason_are_translated_by_whoever_shows_them() -> None:
    paths = [path for path in PAGES if not path.as_posix().endswith(READ_AS_CODES)]
    found = [(path, ast.unparse(each)) for path in paths for each in read_raw(tree(path))]
    assert not [each for each in found if each[1] != "self.words"]


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        if each.__module__.split(".")[0] in OURS:
            yield each
        yield from below(each)


@pytest.mark.django_db
def test_every_form_is_translated() -> None:
    assert get_resolver().url_patterns  # so everything is loaded
    for form in below(forms.BaseForm):
        for name, field in form.base_fields.items():
            if field.widget.is_hidden or form.__name__ in NAMED_BY_THEIR_PAGES:
                continue
            texts = [field.label, *([field.help_text] if field.help_text else [])]
            pairs = getattr(field, "choices", ()) if name not in {"locale", "timezone"} else ()
            texts += [text for value, text in pairs if text not in {value, "", "—"}]
            assert all(isinstance(text, Promise) for text in texts), (form, name, texts)


def test_every_choice_with_words_is_translated() -> None:
    for kind in below(TextChoices):
        for each in kind:
            assert isinstance(each._label_, Promise) or each.label == each.name.replace("_", " ").title(), (kind, each)


def test_reasons_findings_and_events_are_in_the_language_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation._trans, "gettext", lambda text: f"§{text}")  # type: ignore[attr-defined]
    known = {each for kind in below(ReasonBase) for each in kind}
    assert known
    assert all(sentence(each) == f"§{each.words}" for each in known)
    assert all(str(text) == f"§{each.words}" for each in known for _code, text in choices([each]))
    words: list[Any] = [*findings.FINDINGS.values(), *reasons.GATE.values(), *features.SHOWN.values()]
    said = [text for each in words for text in astuple(each)] + list(actions.DOING.values())
    assert [str(text) for text in said if not str(text).startswith("§")] == []
