"""Which passwords are good enough, and how they are kept."""

import hashlib
import io
import threading
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.passwords import breached
from accounts.passwords import validator as passwords
from ciam_portal.core.audit.models import AuditEntry

ADA = User(email="ada.lovelace@engines.example", name="Ada Lovelace")


def verdict(password: str, user: User | None = ADA) -> str:
    try:
        passwords.Validator().validate(password, user)
    except ValidationError as error:
        return str(error.code)
    return "fine"


@pytest.mark.parametrize(
    ("password", "answer"),
    [
        ("correct horse battery staple", "fine"),
        ("tannery okapi 7 gable", "fine"),  # spaces are welcome
        ("blåbærsyltetøy på brød", "fine"),  # and all of Unicode
        ("🐙 seven lamps of quiet", "fine"),
        ("vbnqzmtrwkplxcs", "fine"),  # 15 characters of one kind: no composition rules
        ("short but odd!", "too_short"),  # 14
        ("x" * 257, "too_long"),
        ("passwordpassword", "common"),
        ("password123456789", "common"),
        ("aaaaaaaaaaaaaaaaaaa", "common"),
        ("123456789012345678", "common"),
        ("qwertyuiopasdfghjkl", "common"),
        ("iloveyouiloveyouiloveyou", "common"),
        ("ada.lovelace@engines.example", "personal"),
        ("AdaLovelace123456789", "personal"),
        ("4d4.l0v3l4c3.2026!", "personal"),
        ("lovelace-engines-2026", "personal"),
        ("my friend lovelace rides a velvet tram", "fine"),  # a name may be part of something long
        ("thequickbrownfoxjumpsoverthelazydog", "common"),  # long, and known to everybody
        ("The quick brown fox jumps over the lazy dog!", "common"),
        ("the quick brown fox jumps over a velvet tram", "fine"),
        ("identity portal 2026!", "personal"),  # the portal's own name
        ("Id.Shop.Example-2026", "personal"),  # its host
        ("Teahouse!Teahouse!1", "personal"),  # what the operator adds
        ("1dent1ty p0rta1 2026!", "personal"),  # one digit for two letters
        ("my identity portal has a velvet tram", "fine"),
    ],
)
@pytest.mark.control("v5.0.0-6.1.2", "v5.0.0-6.2.1", "v5.0.0-6.2.4", "v5.0.0-6.2.5", "v5.0.0-6.2.11", "63B 3.1.1.2(1)")
def test_validator(password: str, answer: str, settings: Any) -> None:
    settings.PORTAL_NAME, settings.PUBLIC_URL = "Identity Portal", "https://id.shop.example"
    settings.BRAND_WORDS = ["teahouse"]
    assert verdict(password) == answer


def test_without_a_person_only_the_password_counts() -> None:
    assert verdict("correct horse battery staple", None) == "fine"


def test_the_shipped_list_has_tens_of_thousands() -> None:
    assert len(passwords._common.passwords) > 19_000


@pytest.mark.control("v5.0.0-6.2.8")
def test_composed_and_decomposed_letters_are_one_password() -> None:
    composed = unicodedata.normalize("NFC", "blåbærsyltetøy på brød")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert passwords.normal(decomposed) == composed
    assert passwords.normal("  kept spaces  ") == "  kept spaces  "


@pytest.mark.control("v5.0.0-11.4.2")
@pytest.mark.usefixtures("unhurried")
def test_passwords_are_hashed_with_argon2id_at_the_owasp_parameters() -> None:
    stored = make_password("correct horse battery staple")
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("correct horse battery staple", stored)


class RangeService(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        known, padding = sha1("a password from a leak"), sha1("tannery okapi 7 gable")  # what is padded counts 0
        body = f"{'0' * 35}:3\r\n{known[5:]}:{42 if self.path.endswith(known[:5]) else 0}\r\n{padding[5:]}:0".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def range_service(settings: Any) -> Iterator[type[RangeService]]:
    server = HTTPServer(("127.0.0.1", 0), RangeService)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.PASSWORD_RANGE_SERVICE = f"http://127.0.0.1:{server.server_port}/range"
    RangeService.seen.clear()
    yield RangeService
    server.shutdown()
    server.server_close()


@pytest.mark.control("v5.0.0-6.2.12")
def test_a_range_service_learns_five_digits_and_its_answer_counts(range_service: type[RangeService]) -> None:
    assert verdict("a password from a leak") == "common"
    assert verdict("tannery okapi 7 gable") == "fine"
    assert all(len(path.removeprefix("/range/")) == 5 for path in range_service.seen)


def test_a_range_service_that_is_down_leaves_the_lists_to_decide(settings: Any) -> None:
    settings.PASSWORD_RANGE_SERVICE = "http://127.0.0.1:9/range"
    assert verdict("tannery okapi 7 gable") == "fine"
    assert verdict("passwordpassword") == "common"


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def breaches(tmp_path: Path, settings: Any) -> Path:
    """Where the published lists are put; nothing is loaded yet."""
    settings.BREACHED_PASSWORDS = tmp_path / "kept" / "breached-passwords"
    return tmp_path


LEAKED = ["a password from a leak", "seven lamps of leaked quiet", "tannery okapi 8 gable"]


def published(folder: Path, *, count: str = ":3") -> Path:
    """As it is published: sorted hashes, each with how often it was seen."""
    path = folder / "breaches.txt"
    others = [f"{number:040X}" for number in range(0, 2**160, 2**150)]
    path.write_text("".join(f"{each}{count}\r\n" for each in sorted([*others, *map(sha1, LEAKED)])))
    return path


@pytest.mark.control("v5.0.0-6.2.12", "63B 3.1.1.2(1)")
@pytest.mark.parametrize("as_ranges", [False, True])
def test_loaded_breaches_are_refused_and_nothing_else(breaches: Path, *, as_ranges: bool) -> None:
    source = published(breaches)
    if as_ranges:
        folder = breaches / "ranges"
        folder.mkdir()
        for line in source.read_text().splitlines():
            with (folder / f"{line[:5]}.txt").open("a") as file:
                file.write(f"{line[5:]}\n")
        source = folder
    assert [verdict(each) for each in LEAKED] == ["fine"] * 3
    assert breached.load(source) == 1027
    assert [verdict(each) for each in LEAKED] == ["common"] * 3
    assert passwords.is_listed(LEAKED[0])  # a sign-in with it is worth a second look
    assert verdict("tannery okapi 7 gable") == "fine"


def test_every_hash_is_found_wherever_it_stands(breaches: Path) -> None:
    source = published(breaches)
    breached.load(source)
    listed = [bytes.fromhex(line.partition(":")[0]) for line in source.read_text().splitlines()]
    assert all(breached.knows(each) for each in listed)
    assert not any(breached.knows(bytes([each[0], each[1] ^ 1]) + each[2:]) for each in listed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no breached password"),
        ("not a hash:3\n", "no SHA-1"),
        (f"{'A' * 32}:3\n", "no SHA-1"),  # NTLM
        (f"{'B' * 40}:1\n{'A' * 40}:1\n", "order"),
        (f"{'A' * 40}:many\n", "no SHA-1"),
    ],
)
def test_a_file_that_is_no_such_list_changes_nothing(breaches: Path, text: str, words: str) -> None:
    breached.load(published(breaches))
    bad = breaches / "bad.txt"
    bad.write_text(text)
    with pytest.raises(breached.Unreadable, match=words):
        breached.load(bad)
    assert verdict(LEAKED[0]) == "common"
    assert [path.name for path in (breaches / "kept").iterdir()] == ["breached-passwords"]


def test_what_was_seen_too_seldom_is_left_out_and_a_new_list_replaces_the_old(breaches: Path) -> None:
    breached.load(published(breaches))
    with pytest.raises(breached.Unreadable):
        breached.load(published(breaches), at_least=4)
    one = breaches / "one.txt"
    one.write_text(f"{sha1('another leaked passphrase')}:9\n")
    assert breached.load(one, at_least=4) == 1
    assert verdict("another leaked passphrase") == "common"
    assert verdict(LEAKED[0]) == "fine"


def test_a_list_that_cannot_be_read_is_said_in_the_log_and_stops_nobody(
    breaches: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.BREACHED_PASSWORDS.mkdir(parents=True)  # a folder where the file should be
    assert verdict(LEAKED[0]) == "fine"
    assert "cannot be read" in caplog.text
    assert not breached.is_loaded()


@pytest.mark.django_db
def test_the_command_says_what_it_did_and_records_it(breaches: Path) -> None:
    said = io.StringIO()
    call_command("load_breached", str(published(breaches)), stdout=said)
    assert "1,027 breached passwords. In use." in said.getvalue()
    assert AuditEntry.objects.get(name="passwords.breached_loaded").data == {"entries": 1027}
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("load_breached", str(breaches / "nowhere"))


@pytest.mark.control("v5.0.0-6.2.12")
def test_a_deployment_that_knows_no_breaches_says_so(breaches: Path, settings: Any) -> None:
    settings.PASSWORD_RANGE_SERVICE = ""
    assert [found.id for found in passwords.check_breaches()] == ["accounts.W001"]
    settings.PASSWORD_RANGE_SERVICE = "https://ranges.example.com/range"
    assert passwords.check_breaches() == []
    settings.PASSWORD_RANGE_SERVICE = ""
    breached.load(published(breaches))
    assert passwords.check_breaches() == []
