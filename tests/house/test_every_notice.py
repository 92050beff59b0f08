"""Every notice: there is a text for it, its two frames say the same words, and no word of a customer is markup."""

import dataclasses
import importlib
import itertools
import re
import typing
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import translation

from ciam_portal.core.outbox import mail
from ciam_portal.core.outbox.notice import NoticeBase
from ciam_portal.core.words import Text
from recovery.news.notices import ResetYourPassword
from tests.house.test_code import ROOT, SOURCES

SMS_ONLY = {"recognize_code"}
TAGS = {"html", "head", "meta", "title", "style", "body", "div", "p", "h1", "ul", "li", "a", "br"}
HOSTILE = "O'Neil <b>&amp;\n\n- https://evil.example/"  # what a customer may call a thing
SEEN = " ".join(HOSTILE.split())


def below(kind: type[NoticeBase]) -> Iterator[type[NoticeBase]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def notices() -> dict[str, type[NoticeBase]]:
    for path in SOURCES:
        if path.stem == "notices":
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {kind.template: kind for kind in below(NoticeBase) if kind.template and "tests" not in kind.__module__}


NOTICES = notices()
MAILED = {template: kind for template, kind in NOTICES.items() if template not in SMS_ONLY}


def included(source: str) -> set[str]:
    return set(re.findall(r'{% include "([^"]+)"', source))


def written(template: str) -> str:
    """The source of a text with what it includes; nothing if there is none."""
    path = ROOT / "templates" / template
    source = path.read_text() if path.exists() else ""
    return source + "".join(written(each) for each in included(source))


def samples(kind: type[NoticeBase]) -> Iterator[dict[str, Any]]:
    """Words for a notice that lead through every branch of its mail."""
    source, hints = written(f"mail/{kind.template}.txt"), typing.get_type_hints(kind)
    values: dict[str, tuple[Any, ...]] = {}
    for field in dataclasses.fields(kind):
        link, choices = f"{settings.PUBLIC_URL}/{field.name}/", re.findall(rf'\b{field.name} == "([^"]+)"', source)
        if field.name.endswith("link"):
            values[field.name] = (link,) if field.default is dataclasses.MISSING else (link, "")
        elif choices:
            values[field.name] = (*dict.fromkeys(choices), "another")
        else:
            by_type = {bool: (True, False), int: (0, 1, 2), str: (HOSTILE,), Text: (HOSTILE,)}
            values[field.name] = by_type.get(hints[field.name], ((HOSTILE, "another"), ()))
    if kind.to_owner:
        values |= {"when": (HOSTILE,), "where": ("", HOSTILE)}
    return (dict(zip(values, each, strict=True)) for each in itertools.product(*values.values()))


class Reader(HTMLParser):
    """What a person reads in an HTML mail, the addresses it leads to, and its markup."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(html[html.index("<body") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.mark.parametrize("template", MAILED)
def test_a_mail_says_the_same_in_both_frames_and_its_words_stay_words(template: str, settings: Any) -> None:
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"string_if_invalid": "UNKNOWN %s"}}]
    for words in samples(MAILED[template]):
        composed = mail.compose(template, words)
        assert not re.search("UNKNOWN|&#", composed.text)
        assert "\n" not in composed.subject
        read = Reader(composed.html)
        assert set(read.tags) <= TAGS
        assert set(read.addresses) == set(re.findall(rf"^{settings.PUBLIC_URL}\S*$", composed.text, re.MULTILINE))
        assert read.tags.count("li") == len(re.findall("^- ", composed.text, re.MULTILINE))
        plain = re.sub(r"^- |:\nhttp\S+$|^-- \n.*$", "", composed.text, flags=re.MULTILINE).split()
        html = re.sub(r"If the button does not work, \D+ http\S+ ", "", " ".join(read.words))
        assert html.split() == [*settings.PORTAL_NAME.split(), *plain]


def test_a_word_is_the_same_in_subject_text_and_html_whatever_is_in_it() -> None:
    composed = mail.compose("consent_given", {"partner": HOSTILE, "allowed": [HOSTILE], "link": settings.PUBLIC_URL})
    assert composed.subject == f"{SEEN} is connected to your account - {settings.PORTAL_NAME}"
    assert f"\n- {SEEN}\n" in composed.text
    assert "<li>O&#x27;Neil &lt;b&gt;&amp;amp; - https://evil.example/</li>" in composed.html
    assert mail.fill("sms/factor_added.txt", {"what": HOSTILE}).startswith(f"{settings.PORTAL_NAME}: {SEEN} was added")


def test_only_addresses_of_ours_become_links() -> None:
    ours = mail.compose(ResetYourPassword.template, {"link": f"{settings.PUBLIC_URL}/x/", "hours": 1})
    assert 'class="action"' in ours.html
    for link in (f"{settings.PUBLIC_URL}.evil.example/", "https://evil.example/", "javascript:alert(1)"):
        assert "href" not in mail.compose(ResetYourPassword.template, {"link": link, "hours": 1}).html


def test_there_is_a_text_for_every_notice_and_none_is_left_over() -> None:
    """Those that are announced everywhere have one for phones too (``tests/recovery/case/test_everywhere.py``)."""
    folder = ROOT / "templates"
    there = {str(path.relative_to(folder)) for name in ("mail", "sms") for path in (folder / name).rglob("*.*")}
    wanted = {f"mail/{template}.txt" for template in MAILED} | {f"sms/{template}.txt" for template in SMS_ONLY}
    assert wanted <= there
    named = {f"sms/{template}.txt" for template in NOTICES} | set().union(*(included(written(each)) for each in there))
    assert there - wanted - named == {"mail/foot.txt", "mail/frame.html"}


@pytest.mark.parametrize("template", NOTICES)
def test_a_notice_carries_no_word_that_nobody_reads(template: str) -> None:
    source = written(f"mail/{template}.txt") + written(f"sms/{template}.txt")
    assert not [field.name for field in dataclasses.fields(NOTICES[template]) if field.name not in source]


# What tells of nobody's doing: answers, reminders, and what we ourselves have done or found.
NOBODYS = {
    "account_data_held", "account_erased", "account_more_proof", "account_passed",
    "account_restriction_ended", "account_still_locked",
    "account_still_suspended", "account_suspended", "choices_end", "consent_token_reused", "deletion_soon",
    "device_copied", "dispute_closed", "export_failed", "export_ready", "glass_broken", "mailbox_settled",
    "old_password_ended",
    "record_viewed", "recovery_finish", "recovery_review", "recovery_way_shut",
    "rights_answered", "rights_extended", "identity_news",
}  # fmt: skip
# What somebody did elsewhere or before, which the mail says in its own words.
ELSEWHERE = {
    "approval_wanted",
    "delegation_for_owner", "successor_changed", "succession_news", "identity_changed",
    "factor_app_off", "read_back_code", "recovery_contact_changed", "session_disowned", "session_ended_for_safety",
}  # fmt: skip
# What needs no door: it changes nothing by itself, or is the door.
NO_DOOR = {
    "account_change_undone", "account_locked", "approval_wanted", "consent_lapsed", "consent_withdrawn",
    "recovery_code",
    "recovery_locked", "reset_your_password", "session_disowned", "you_have_an_account",
}  # fmt: skip


@pytest.mark.parametrize("template", MAILED)
def test_a_mail_says_when_and_where_it_was_and_has_a_door_for_whom_it_was_not(template: str) -> None:
    source = written(f"mail/{template}.txt")
    theirs = MAILED[template].to_owner and template not in NOBODYS
    assert ("{{ where }}" in source) == (theirs and template not in ELSEWHERE)
    assert "{{ when }}" in source or not theirs or template == "read_back_code"
    has_door = re.search("^This was not me(, stop it)?:$", source, re.MULTILINE)
    assert bool(has_door) == (theirs and template not in NO_DOOR)


def test_the_door_for_whom_it_was_not_is_the_second_button() -> None:
    ours = settings.PUBLIC_URL
    composed = mail.compose("password_changed", {"undo_link": f"{ours}/undo/x/", "undo_until": "then"})
    first, second = re.findall(r'class="(?:action|other)" href="([^"]+)"[^>]*>([^<]+)<', composed.html)
    assert (first, second) == ((ours, "Open the portal"), (f"{ours}/undo/x/", "This was not me"))
    assert composed.text.index("Open the portal") < composed.text.index("This was not me:")
    assert settings.HELP_DESK.phone in composed.text
    assert settings.HELP_DESK.email in composed.html


def test_another_language_is_a_folder_and_what_it_does_not_have_yet_is_english(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "mail/de").mkdir(parents=True)
    (tmp_path / "mail/de/email_changed.txt").write_text("Ihre Adresse wurde geändert\n\nSie wurde geändert\n\nNeu.\n")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], str(tmp_path)]}]
    with translation.override("de"):
        german, english = mail.compose("email_changed", {}), mail.compose("phone_changed", {})
    assert german.subject == f"Ihre Adresse wurde geändert - {settings.PORTAL_NAME}"
    assert '<html lang="de">' in german.html
    assert english.subject == f"Your phone number was changed - {settings.PORTAL_NAME}"


@pytest.mark.parametrize("kind", ["recognize_code", "recovery_code", "recovery_address_code"])
def test_a_phone_fills_in_a_code_on_our_pages_only(kind: str) -> None:
    """The last line of a text that carries one (WebOTP); what is read to the help desk is filled in nowhere."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    assert mail.fill(f"sms/{kind}.txt", {"code": "12345678"}).splitlines()[-1] == f"@{host} #12345678"
    assert "@" not in mail.fill("sms/read_back_code.txt", {"code": "12345678", "link": ""})
