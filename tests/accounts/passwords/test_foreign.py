"""Hashes from elsewhere: each as its former system wrote it, right and wrong passwords, and what is no hash at all."""

import base64
import hashlib
from typing import Any

import bcrypt
import pytest
from argon2 import PasswordHasher
from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from accounts.passwords.hashers import reading
from accounts.passwords.shapes import FOREIGN

RIGHT = "user1password"
# Published with Firebase's own scrypt utility.
PROJECT = reading.Firebase(
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "Bw==", 8, 14
)
FIREBASE = {
    "scheme": "firebase",
    "salt": "42xEC+ixf3L2lw==",
    "key": "lSrfV15cpx95/sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ",
}
SALT = bytes(range(200, 216))


def b64(some: bytes) -> str:
    return base64.b64encode(some).decode()


def aspnet(prf: int, digest: str) -> str:
    key = hashlib.pbkdf2_hmac(digest, RIGHT.encode(), SALT, 100, 32)
    return b64(b"\x01" + b"".join(n.to_bytes(4) for n in (prf, 100, len(SALT))) + SALT + key)


def pbkdf2(digest: str, length: int) -> dict[str, Any]:
    key = hashlib.pbkdf2_hmac(digest, RIGHT.encode(), SALT, 100, length)
    return {"scheme": "pbkdf2", "digest": digest, "iterations": 100, "salt": b64(SALT), "key": b64(key)}


def bare(scheme: str, **more: str) -> dict[str, Any]:
    salted = RIGHT + "pepper" if more.get("salted") == "after" else more.get("salt", "") + RIGHT
    return {"scheme": scheme, "key": hashlib.new(scheme, salted.encode(), usedforsecurity=False).hexdigest(), **more}


HASHES: dict[str, dict[str, Any]] = {
    "bcrypt": {"scheme": "bcrypt", "value": bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode()},
    "bcrypt of PHP": {
        "scheme": "bcrypt",
        "value": bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"),
    },
    "argon2": {"scheme": "argon2", "value": PasswordHasher(1, 64, 1).hash(RIGHT)},
    "pbkdf2, raw salt": pbkdf2("sha256", 32),
    "pbkdf2, 64 bytes as Keycloak had": pbkdf2("sha512", 64),
    "pbkdf2, 20 bytes": pbkdf2("sha1", 20),
    "scrypt": {
        "scheme": "scrypt", "n": 256, "r": 8, "p": 1, "salt": b64(SALT),
        "key": b64(hashlib.scrypt(RIGHT.encode(), salt=SALT, n=256, r=8, p=1, dklen=64)),
    },
    "firebase": FIREBASE,
    "ASP.NET": {"scheme": "aspnet", "value": aspnet(2, "sha512")},
    "ASP.NET, older": {"scheme": "aspnet", "value": aspnet(1, "sha256")},
    "md5": bare("md5"),
    "sha1, salted": bare("sha1", salt="pepper"),
    "sha256, salted behind": bare("sha256", salt="pepper", salted="after"),
    "sha512": bare("sha512", salt="x" * 24),
}  # fmt: skip
WRONG: dict[str, object] = {
    "nothing": {},
    "no object": "x",
    "unknown": {"scheme": "crypt", "value": "x"},
    "more than asked": HASHES["bcrypt"] | {"pepper": "x"},
    "bcrypt, cut": {"scheme": "bcrypt", "value": HASHES["bcrypt"]["value"][:-1]},
    "bcrypt, broken variant": {"scheme": "bcrypt", "value": HASHES["bcrypt"]["value"].replace("$2b$", "$2x$")},
    "bcrypt, for ever": {"scheme": "bcrypt", "value": HASHES["bcrypt"]["value"].replace("$04$", "$31$")},
    "argon2, for ever": {"scheme": "argon2", "value": HASHES["argon2"]["value"].replace("m=64", "m=4194304")},
    "argon2, none": {"scheme": "argon2", "value": "$argon2id$v=19$m=x"},
    "pbkdf2, hex for base64": pbkdf2("sha256", 32) | {"key": "zz!"},
    "pbkdf2, short": pbkdf2("sha256", 15),
    "pbkdf2, for ever": pbkdf2("sha256", 32) | {"iterations": 10**9},
    "pbkdf2, longer salt than fits": pbkdf2("sha256", 32) | {"salt": b64(bytes(100))},
    "scrypt, no power of two": HASHES["scrypt"] | {"n": 100},
    "scrypt, all memory": HASHES["scrypt"] | {"n": 1 << 20, "r": 32},
    "firebase, cut": FIREBASE | {"key": FIREBASE["key"][:20]},
    "ASP.NET 2": {"scheme": "aspnet", "value": b64(bytes(80))},
    "sha1, as base64": {"scheme": "sha1", "key": b64(bytes(20))},
    "sha1, of another length": {"scheme": "sha1", "key": "ab" * 16},
    "ours, but an open door": {"scheme": "ours", "value": f"{FOREIGN}pbkdf2$sha256$1$AA$"},
    "ours, current": {"scheme": "ours", "value": make_password("x")},
    "ours, of no power": {"scheme": "ours", "value": f"{FOREIGN}scrypt$100$8$1$AAAA$" + "A" * 43},
    "ours, not base64": {"scheme": "ours", "value": f"{FOREIGN}pbkdf2$sha256$1$AAAAA$" + "A" * 43},
}


@pytest.mark.control("63B 3.1.1.2/store")
@pytest.mark.parametrize("name", HASHES)
def test_the_right_password_opens_and_others_do_not(name: str) -> None:
    kept = reading.stored(HASHES[name], PROJECT)
    assert len(kept) <= reading.LONGEST
    assert kept.startswith(FOREIGN)
    assert check_password(RIGHT, kept)
    assert not any(check_password(wrong, kept) for wrong in (RIGHT.title(), "", "x" * 100, "a\0b", "\U0001f600" * 40))
    assert reading.milliseconds(kept) < 100
    assert identify_hasher(kept).safe_summary(kept) == {}


@pytest.mark.parametrize("name", HASHES)
def test_what_was_read_is_given_away_and_read_again(name: str) -> None:
    kept = reading.stored(HASHES[name], PROJECT)
    assert reading.stored(reading.said(kept)) == kept


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_hash_is_never_guessed_at(name: str) -> None:
    with pytest.raises(reading.Unreadable):
        reading.stored(WRONG[name], PROJECT)


def test_a_bare_digest_is_nowhere_kept_as_it_was() -> None:
    kept = reading.stored(HASHES["md5"])
    digest = bytes.fromhex(HASHES["md5"]["key"])
    assert not any(form in kept for form in (digest.hex(), b64(digest), b64(digest).rstrip("=")))


def test_the_key_of_a_project_is_not_kept_and_is_needed_to_read_its_hashes() -> None:
    kept = reading.stored(FIREBASE, PROJECT)
    assert PROJECT.signer_key[:20] not in kept
    with pytest.raises(reading.Unreadable):
        reading.stored(FIREBASE)


def test_bcrypt_reads_72_bytes_and_longer_passwords_do_not_fail() -> None:
    kept = reading.stored({"scheme": "bcrypt", "value": bcrypt.hashpw(b"a" * 72, bcrypt.gensalt(4)).decode()})
    assert check_password("a" * 100, kept)
    assert not check_password("a" * 71, kept)


def test_nothing_is_hashed_anew_with_somebody_elses_hash() -> None:
    hasher = identify_hasher(reading.stored(HASHES["scrypt"]))
    with pytest.raises(TypeError):
        hasher.encode("x", "y")
    assert hasher.must_update("")


def test_a_password_of_ours_is_given_away_as_what_it_is() -> None:
    ours = make_password(RIGHT)
    assert check_password(RIGHT, reading.stored(reading.said(ours)))
