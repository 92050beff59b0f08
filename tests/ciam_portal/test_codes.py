"""Identifiers, codes, digests, sealing."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from accounts.budgets.counter import shared
from ciam_portal.core.crypto import codes, passing, vault
from tests.conftest import NOON

OLD, NEW = b"the key that goes", b"the key that comes"


def test_ids_are_uuid_version_7_and_sort_as_they_were_made() -> None:
    made = [codes.new_id() for _ in range(50)]
    assert {key.version for key in made} == {7}
    assert {key.variant for key in made} == {"specified in RFC 4122"}
    assert made == sorted(set(made))
    assert len({key.int % 2**62 for key in made}) == 50


@pytest.mark.control("63B 4.2.1.1/a")
def test_backup_codes_have_at_least_64_bits() -> None:
    code = codes.new_backup_code().replace("-", "")
    assert len(code) == 16
    assert 32 ** len(code) >= 2**64
    assert not set(code) & set("IO01")


def test_a_digest_opens_only_its_own_purpose() -> None:
    stored = codes.digest("123456", "sign in")
    assert codes.matches("123456", "sign in", stored)
    assert not codes.matches("123456", "recovery", stored)
    assert not codes.matches("123457", "sign in", stored)


def test_digests_survive_a_key_rotation(settings: Any) -> None:
    settings.DIGEST_KEYS = [OLD]
    stored, stand_in = codes.digest("secret", "link"), codes.pseudonym("ada", "person")
    settings.DIGEST_KEYS = [NEW, OLD]
    assert codes.matches("secret", "link", stored)
    assert stored in codes.digests("secret", "link")
    assert codes.stands_for(stand_in, "ada", "person")
    assert not codes.stands_for(stand_in, "eve", "person")
    settings.DIGEST_KEYS = [NEW]
    assert not codes.matches("secret", "link", stored)
    assert not codes.stands_for(stand_in, "ada", "person")


def test_a_handle_needs_no_key(settings: Any) -> None:
    named = codes.handle("secret", "link")
    settings.DIGEST_KEYS = [NEW]
    assert codes.handle("secret", "link") == named != codes.handle("secret", "another")


@given(st.binary(max_size=200), st.text(min_size=1, max_size=40))
def test_what_is_sealed_beside_something_opens_only_beside_it(plain: bytes, beside: str) -> None:
    sealed = vault.seal(plain, "context", beside=beside)
    assert vault.unseal(sealed, "context", beside=beside) == plain
    for other in ("", beside + "x"):
        with pytest.raises(vault.CannotOpen):
            vault.unseal(sealed, "context", beside=other)
    with pytest.raises(vault.CannotOpen):
        vault.unseal(vault.seal(plain, "context"), "context", beside=beside)


class TestKeysThatPass:
    """One for each minute, the same in all processes, and nowhere else."""

    @pytest.fixture(autouse=True)
    def another_process(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
        def begin() -> None:
            monkeypatch.setattr(passing, "_known", {})

        begin()
        return begin

    def test_all_processes_know_that_of_a_minute(self, another_process: Callable[[], None]) -> None:
        first = passing.key(NOON)
        assert len(first) == 64
        another_process()
        assert passing.key(NOON + timedelta(seconds=59)) == first
        assert passing.key(NOON + timedelta(seconds=60)) != first
        assert passing.key(NOON) == first

    def test_none_stays(self, another_process: Callable[[], None]) -> None:
        first = passing.key(NOON)
        assert 170 < shared.seconds_left(f"passing:{int(NOON.timestamp()) // 60}") <= 180
        for minutes in range(5):
            passing.key(NOON + timedelta(minutes=minutes))
        assert len(passing._known) == 2
        cache.clear()
        assert passing.key(NOON) != first

    def test_a_cache_that_keeps_nothing_makes_no_known_one(
        self, another_process: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache, "get", lambda *_: None)
        first = passing.key(NOON)
        another_process()
        assert len({first, passing.key(NOON)}) == 2
        assert len(first) == 64


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_only_in_its_context(plain: bytes, context: str) -> None:
    sealed = vault.seal(plain, context)
    assert vault.unseal(sealed, context) == plain
    with pytest.raises(vault.CannotOpen):
        vault.unseal(sealed, context + "x")


@given(st.text(max_size=80))
def test_noise_never_opens(noise: str) -> None:
    with pytest.raises(vault.CannotOpen):
        vault.unseal(noise, "anything")


def test_sealing_survives_a_key_rotation(settings: Any) -> None:
    old, new = settings.DATA_KEYS[0], base64.urlsafe_b64decode("A" * 43 + "=")
    sealed = vault.seal(b"seed", "totp:1")
    settings.DATA_KEYS = [new, old]
    assert vault.unseal(sealed, "totp:1") == b"seed"
    settings.DATA_KEYS = [new]
    with pytest.raises(vault.CannotOpen):
        vault.unseal(sealed, "totp:1")
