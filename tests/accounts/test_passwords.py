"""Which passwords are good enough, and how they are kept."""

import hashlib
import threading
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError

from accounts import passwords
from accounts.models import User

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
    ],
)
@pytest.mark.control("v5.0.0-6.2.1", "v5.0.0-6.2.4", "v5.0.0-6.2.5", "v5.0.0-6.2.11", "63B 3.1.1.2(1)")
def test_validator(password: str, answer: str) -> None:
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
def test_passwords_are_hashed_with_argon2id_at_the_owasp_parameters() -> None:
    stored = make_password("correct horse battery staple")
    assert stored.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("correct horse battery staple", stored)


class RangeService(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        known = hashlib.sha1(b"a password from a leak", usedforsecurity=False).hexdigest().upper()
        body = f"{'0' * 35}:3\r\n{known[5:]}:42\r\n".encode() if self.path.endswith(known[:5]) else b"1" * 35 + b":0"
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
