"""What a line may say, and what breaks it. The reason names a code, and nothing of what stood there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from accounts.moving import lines
from accounts.moving.lines import NoImport, Reader
from accounts.moving.shapes import Line
from accounts.passwords.hashers.foreign import wrapped
from tests.accounts.moving.file import FIRST, digest, hashed, person, written

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(folder: Path, *said: object, most: float = 100.0) -> list[Line]:
    with written(folder, *said).open("rb") as file:
        reader = Reader(lines.first(file, bytes), bytes, wrapped, most, NOON)
        return [line for batch in lines.batches(file, reader, line=1) for line in batch]


def test_everything_is_brought_into_the_form_in_which_it_is_kept(tmp_path: Path, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    said = person(
        email=" Ada.L@MÜLLER.example ", name="Ada\u00a0 Lovelace", phone="+47 22 85 50 50", locale="de",
        timezone="Europe/Oslo", since="2019-05-01T10:00:00+02:00", totp="gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        consents={"research": "no"},
    )  # fmt: skip
    [line] = read(tmp_path, said)
    found = line.person
    assert found is not None
    assert (line.number, found.address, found.is_proven) == (2, "ada.l@xn--mller-kva.example", True)
    assert (found.name, found.phone, found.locale, found.timezone) == (
        "Ada Lovelace",
        "+4722855050",
        "de",
        "Europe/Oslo",
    )
    assert (found.seed, found.says) == (b"12345678901234567890", {"research": False})
    assert found.since == datetime(2019, 5, 1, 8, tzinfo=UTC)


def test_what_is_not_said_is_empty_and_no_language_is_guessed(tmp_path: Path) -> None:
    [line] = read(tmp_path, person(hash=None, locale="tlh"))
    assert line.person is not None
    assert (line.person.password, line.person.seed, line.person.locale, line.person.since) == ("", b"", "en", None)


BROKEN: list[tuple[Any, str]] = [
    ("{", "no_json"),
    ("\ufffe", "no_json"),
    ('{"email": "a@example.com", "email": "b@example.com"}', "no_json"),
    ("[]", "shape"),
    (person(role="administrator"), "shape"),
    (person(email_proven="yes"), "shape"),
    (person(email=None), "shape"),
    (person(name="x" * 10_000_000), "line_too_long"),
    (person(name="x" * 500), "shape"),
    (person(email="p1@exam\u200dple.com"), "address_unseen"),
    (person(email="p1@\u202eexample.com"), "address_unseen"),
    (person(email="p\u0456@example.com"), "address_local_part"),
    (person(email="a\r\nBcc: b@example.com"), "address_unseen"),
    (person(email="p1(comment)@example.com"), "address_local_part"),
    (person(email="p1@[127.0.0.1]"), "address_domain"),
    (person(email="nobody"), "address_malformed"),
    (person(name="Ada\u202eecalevoL"), "name"),
    (person(name="x" * 121), "name"),
    (person(phone="12345"), "phone"),
    (person(timezone="Mars/Olympus"), "timezone"),
    (person(since="2026-03-01T12:00:01Z"), "since"),
    (person(since="2019-01-01T00:00:00"), "since"),
    (person(source="elsewhere"), "source"),
    (person(source="none"), "source"),
    (person(hash={"scheme": "md4", "value": "x"}), "hash"),
    (person(hash=hashed() | {"iterations": 4_000_000}), "hash_too_costly"),
    (person(totp="not base 32!"), "totp"),
    (person(totp="GEZDGNBV"), "totp"),
    (person(consents={"research": "perhaps"}), "shape"),
    (person(hash=None, email_proven=False), "no_way_in"),
]


@pytest.mark.control("v5.0.0-2.2.1")
@pytest.mark.parametrize(("said", "wrong"), BROKEN)
def test_a_broken_line_says_why_and_the_next_one_is_read(tmp_path: Path, said: Any, wrong: str) -> None:
    broken, good = read(tmp_path, said, person(2))
    assert (broken.person, broken.wrong) == (None, wrong)
    assert good.person is not None


def test_a_batch_is_all_that_is_in_memory_and_lines_are_counted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BATCH", 2)
    with written(tmp_path, *(person(number) for number in range(5))).open("rb") as file:
        reader = Reader(lines.first(file, bytes), bytes, wrapped, 100.0, NOON)
        found = list(lines.batches(file, reader, line=1))
    assert [[line.number for line in batch] for batch in found] == [[2, 3], [4, 5], [6]]


@pytest.mark.parametrize(
    "first",
    [
        "",
        person(),
        {"customers": 2},
        {"customers": 1, "sources": {"shop": {"vector": {"password": "wrong", "hash": hashed("a known one")}}}},
        {"customers": 1, "sources": {"shop": {"vector": {"password": "x", "hash": {"scheme": "?"}}}}},
    ],
)
def test_a_file_without_a_first_line_or_with_a_vector_that_does_not_fit_is_not_read(
    tmp_path: Path, first: object
) -> None:
    path = written(tmp_path, person(), first=first)
    with path.open("rb") as file, pytest.raises(NoImport) as caught:
        lines.first(file, bytes)
    assert "known one" not in str(caught.value)
    assert json.dumps(FIRST) not in str(caught.value)


def test_a_bare_digest_is_wrapped(tmp_path: Path) -> None:
    [line] = read(tmp_path, person(hash=digest()))
    assert line.person is not None
    assert digest()["key"] not in line.person.password
