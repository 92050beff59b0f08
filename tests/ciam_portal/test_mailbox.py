"""One mailbox has one canonical form; what is no address has none."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.baseline.history import Seen
from accounts.budgets import lockout
from accounts.step_up import facts
from ciam_portal.core import mailbox
from ciam_portal.core.mailbox import NoMailbox, Reason
from ciam_portal.core.outbox.channels import Smtp
from ciam_portal.core.sessions import SessionStore
from tests.spellings import MAILBOX, REFUSED, SHOWN, SPELLINGS

# Spellings that mostly lead somewhere: ordinary letters between letters that have other looks, marks and joiners.
_letters = st.sampled_from("aAmMnkK0ⅯüÜßςſı㎏ｘⓧنא\u0308\u200d\ufe0f\u0345")
_label = st.text(st.sampled_from("abk1-") | _letters, min_size=1, max_size=6)
_domain = st.lists(_label, min_size=1, max_size=3).map(lambda labels: "。".join([*labels, "Example"]))
_local = st.text(st.sampled_from("abAB.+K'ıſ"), min_size=1, max_size=6)
typed = st.builds("{}@{}".format, _local, _domain)


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_has_one_form(text: str) -> None:
    assert mailbox.canonical(text) == mailbox.named(text) == MAILBOX
    assert mailbox.shown(mailbox.canonical(text)) == SHOWN


def _looks(letter: str) -> st.SearchStrategy[str]:
    """Ways to write this letter of a domain."""
    wide = chr(ord(letter) + 0xFEE0) if letter.isascii() else letter
    apart = unicodedata.normalize("NFD", letter)
    return st.sampled_from([letter, letter.upper(), wide, apart, apart.upper(), *("。．｡" if letter == "." else "")])


def bucket_of(typed: str) -> str:
    """In which failed sign-ins with this address are counted."""
    request = RequestFactory().post("/sign-in/", {"login": typed})
    request.session = SessionStore()
    return lockout.bucket_of(request)


@given(
    st.tuples(*(st.sampled_from([letter, letter.upper()]) for letter in "kim")),
    st.tuples(*map(_looks, SHOWN.partition("@")[2])),
    st.sampled_from(["", " ", "\t"]),
)
def test_any_two_spellings_meet_one_budget_and_one_lane(
    local: tuple[str, ...], domain: tuple[str, ...], around: str
) -> None:
    typed = f"{around}{''.join(local)}@{''.join(domain)}{around}"
    assert mailbox.named(typed) == MAILBOX
    assert bucket_of(typed) == bucket_of(MAILBOX)
    seen = Seen(address="192.0.2.1")
    assert facts.source_of(typed, seen) == facts.source_of(MAILBOX, seen)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_address_is_refused_and_is_nobody_in_a_look_up(text: str) -> None:
    with pytest.raises(NoMailbox):
        mailbox.canonical(text)
    with pytest.raises(NoMailbox):
        mailbox.canonical(mailbox.named(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kim", Reason.NO_ADDRESS),
        ("kim@", Reason.NO_ADDRESS),
        ("", Reason.NO_ADDRESS),
        ("ki\u200dm@example.com", Reason.UNSEEN),
        ("kim\n@example.com", Reason.UNSEEN),
        ("ſam@example.com", Reason.LOCAL_PART),
        ("root@localhost", Reason.DOMAIN),
        ("k" * 65 + "@example.com", Reason.TOO_LONG),
        ("k" * 64 + "@" + ("k" * 61 + ".") * 3 + "info", Reason.TOO_LONG),
        ("k" * 321, Reason.TOO_LONG),
    ],
)
def test_a_refusal_says_which_part_is_wrong(text: str, reason: Reason) -> None:
    with pytest.raises(NoMailbox) as refused:
        mailbox.canonical(text)
    assert refused.value.reason is reason


def test_the_longest_parts_are_accepted() -> None:
    longest = "k" * 64 + "@" + ("k" * 61 + ".") * 3 + "de"
    assert len(longest) == 253
    assert mailbox.canonical(longest) == longest
    assert mailbox.canonical(f"{longest}e") == f"{longest}e"


@given(typed | st.text(max_size=30))
def test_the_canonical_form_is_its_own(text: str) -> None:
    try:
        found = mailbox.canonical(text)
    except NoMailbox:
        return
    assert mailbox.canonical(found) == mailbox.named(found) == found
    assert mailbox.canonical(mailbox.shown(found)) == found
    assert found.isascii()
    assert len(found) <= 254


@given(typed | st.text(max_size=400))
def test_a_look_up_takes_any_text_and_never_turns_one_mailbox_into_another(text: str) -> None:
    found = mailbox.named(text)
    assert len(found.encode()) < 2000
    try:
        assert found == mailbox.canonical(text)
    except NoMailbox:
        with pytest.raises(NoMailbox):
            mailbox.canonical(found)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("ann@example.com", "ann+friend@example.com", True),
        ("ann@example.com", "anna@example.com", False),
        ("ann@example.com", "ann@example.org", False),
        ("a.nn@gmail.com", "ann+x@googlemail.com", True),
        ("a.nn@pm.me", "ann@protonmail.com", True),
        ("ann@me.com", "ann@icloud.com", True),
        ("a.nn@icloud.com", "ann@icloud.com", False),
        ("a.nn@example.com", "ann@example.com", False),
        ("+4722855050@example.com", "+4722855051@example.com", False),
        ("+4722855050@example.com", "+4722855050@example.com", True),
    ],
)
def test_who_reads_it(one: str, two: str, same: bool) -> None:
    assert (mailbox.reader(one) == mailbox.reader(two)) is same


@pytest.fixture
def speaks_utf8() -> Iterator[None]:
    mailbox.install(speaks_utf8=True)
    yield
    mailbox.install(speaks_utf8=False)


@pytest.mark.usefixtures("speaks_utf8")
class TestWithSmtpUtf8:
    """The mail server takes other letters before the @; another look of a letter is still none."""

    @pytest.mark.parametrize(
        ("text", "form"),
        [
            ("Jürgen@München.example", "jürgen@xn--mnchen-3ya.example"),
            ("ju\u0308rgen@münchen.example", "jürgen@xn--mnchen-3ya.example"),
            ("Θάνος@example.com", "θάνος@example.com"),
            ("用户@example.com", "用户@example.com"),
        ],
    )
    def test_letters_of_every_alphabet_are_taken(self, text: str, form: str) -> None:
        assert mailbox.canonical(text) == mailbox.canonical(form) == form
        assert re.search(mailbox.SHAPE, form)

    @pytest.mark.parametrize("local", ["ſam", "ﬁn", "ｋim", "ki\u200dm", "ki❤m", "ü" * 33, "ü..k", "ü k", "ü@k"])
    def test_other_looks_and_what_is_no_letter_are_refused(self, local: str) -> None:
        with pytest.raises(NoMailbox):
            mailbox.canonical(f"{local}@example.com")

    @given(st.text(min_size=1, max_size=8))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_the_canonical_form_is_its_own(self, local: str) -> None:
        try:
            found = mailbox.canonical(f"{local}@example.com")
        except NoMailbox:
            return
        assert mailbox.canonical(found) == found


class Server:
    """What the backend says to a mail server."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[str], bytes, list[str]]] = []

    def sendmail(self, sender: str, to: list[str], text: bytes, mail_options: Sequence[str] = ()) -> None:
        self.sent.append((sender, to, text, list(mail_options)))


def test_such_an_address_is_written_as_such_a_server_reads_it() -> None:
    backend, server = Smtp(), Server()
    backend.connection = server  # type: ignore[assignment]
    for to in ("jürgen@xn--mnchen-3ya.example", "kim@example.com"):
        backend.send_messages([EmailMultiAlternatives("Grüße", "Guten Tag", "Portal <no-reply@example.com>", [to])])
    (sender, recipients, text, options), plain = server.sent
    assert (sender, recipients) == ("Portal <no-reply@example.com>", ["jürgen@xn--mnchen-3ya.example"])
    assert "To: jürgen@xn--mnchen-3ya.example\r\n".encode() in text
    assert options == ["SMTPUTF8", "BODY=8BITMIME"]
    assert plain[1] == ["kim@example.com"]
    assert plain[3] == []


@pytest.mark.parametrize("text", ["kim@xn--.com", "kim@xn--abc-.com", "+4722855050", "root@localhost", ""])
def test_whatever_has_no_other_letters_is_shown_as_it_is(text: str) -> None:
    assert mailbox.shown(text) == mailbox.spelled_out(text) == text


@pytest.mark.parametrize("tail", [" " * 400 + "x", "x" * 400, "\x00" * 400])
def test_a_text_longer_than_any_spelling_is_nobodys(tail: str) -> None:
    with pytest.raises(mailbox.NoMailbox) as refused:
        mailbox.canonical(MAILBOX + tail)
    assert refused.value.reason == mailbox.Reason.TOO_LONG
    assert mailbox.named(MAILBOX + tail) == ""


def test_what_is_merely_no_address_has_a_form_of_its_own() -> None:
    assert mailbox.named(" K" + "k" * 64 + "@Example.com") == "k" * 65 + "@example.com"


def test_blanks_around_an_address_count_for_nothing() -> None:
    assert mailbox.canonical(" " * 400 + MAILBOX + " " * 400) == MAILBOX
