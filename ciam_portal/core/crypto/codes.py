"""One-time codes, opaque tokens and identifiers: make, digest, compare. The only user of ``secrets``.

Only digests are stored. The purpose is part of the digest, so that a value made for one purpose opens nothing else.
Digests and pseudonyms are made with the first of ``settings.DIGEST_KEYS``; what is looked up or compared may have been
made with any of them. What merely names something by a secret that it contains (``handle``) needs no key.
"""

import hashlib
import hmac
import secrets
import time
import uuid
from datetime import UTC, datetime

from django.conf import settings

BASE32 = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0 and 1: read aloud and typed without mistakes

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"

HIDDEN_DIGITS = 20  # enough to tell all values apart, and profiles stay small
_PSEUDONYM_DIGITS = 32


def new_id() -> uuid.UUID:
    """A primary key: UUID version 7 (RFC 9562 section 5.7). Unguessable by 62 random bits.

    Sorts by time, and those of one process as they were made, unless its clock is put back: 12 bits tell a quarter of
    a microsecond (section 6.2, method 3). So it says which of two rows of one instant came first.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    return _of_version_7(milliseconds, (nanoseconds * 4096 // 1_000_000) << 64 | secrets.randbits(62))


def same_id(at: datetime, *alike: object) -> uuid.UUID:
    """The same key for all of one instant that are alike in this, so that a database counts them in one row."""
    digest = hashlib.sha256("\x00".join(map(str, alike)).encode()).digest()
    return _of_version_7(int(at.timestamp() * 1000), int.from_bytes(digest[:10], "big"))


def _of_version_7(milliseconds: int, more: int) -> uuid.UUID:
    value = milliseconds << 80 | more
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def moment_of(key: uuid.UUID) -> datetime | None:
    """When an id was made; None if it is none of ours."""
    milliseconds = key.int >> 80
    is_ours = key.version == 7 and milliseconds < 1 << 47  # noqa: PLR2004  (which lasts until the year 6429)
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if is_ours else None


def new_token() -> str:
    """An opaque secret of 256 random bits, safe in a URL (43 characters)."""
    return secrets.token_urlsafe(32)


def new_key() -> uuid.UUID:
    """A key of 122 random bits, in a column for one."""
    return uuid.UUID(bytes=secrets.token_bytes(16), version=4)


def new_number(digits: int = 8) -> str:
    """A short code to be typed, ``digits`` decimal digits. Only with an attempt counter and a short life."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def new_user_code() -> str:
    """What a device shows to be typed elsewhere: 8 of 20 consonants, so that no word comes to be (RFC 8628 6.1)."""
    return "".join(secrets.choice(CONSONANTS) for _ in range(8))


def new_backup_code() -> str:
    """80 random bits in four groups of four letters and digits, for example ``ABCD-EFGH-JKLM-NPQR``."""
    letters = "".join(secrets.choice(BASE32) for _ in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def digest(value: str, purpose: str) -> str:
    """What is stored instead of ``value``: a keyed digest (HMAC-SHA256, hex) bound to ``purpose``."""
    return _digest(value, purpose, settings.DIGEST_KEYS[0])


def digests(value: str, purpose: str) -> list[str]:
    """The digests ``value`` may be stored under: by today's key, and by the keys being rotated out."""
    return [_digest(value, purpose, key) for key in settings.DIGEST_KEYS]


def matches(value: str, purpose: str, stored: str) -> bool:
    """Whether ``stored`` is the digest of ``value`` for ``purpose``, compared in constant time."""
    found = [hmac.compare_digest(candidate.encode(), stored.encode()) for candidate in digests(value, purpose)]
    return any(found)


def pseudonym(value: str, purpose: str) -> str:
    """A short stable stand-in (128 bits, hex) for a value that may not be written down, such as an address."""
    return digest(value, _pseudonymous(purpose))[:_PSEUDONYM_DIGITS]


def stands_for(stored: str, value: str, purpose: str) -> bool:
    """Whether ``stored`` is the pseudonym of ``value`` for ``purpose``, by today's key or one being rotated out."""
    return stored in [each[:_PSEUDONYM_DIGITS] for each in digests(value, _pseudonymous(purpose))]


def kept_of(key: uuid.UUID, value: str, purpose: str) -> str:
    """The same for evidence about one person, whose ``key`` it is made with: without it, nobody can say what it was."""
    return pseudonym(f"{key} {value}", f"evidence:{purpose}")


def hidden(what: str, value: str) -> str:
    """The same, shorter (80 bits), for what a request shows: an address, a browser. Nothing for nothing.

    Limits, sessions and the audit keep the same one, so that investigators can join them.
    """
    return pseudonym(value, f"visit:{what}")[:HIDDEN_DIGITS] if value else ""


def once_hidden(what: str, value: str) -> list[str]:
    """Under what the same was kept by keys that are being rotated out."""
    former = digests(value, _pseudonymous(f"visit:{what}"))[1:] if value else []
    return [each[:HIDDEN_DIGITS] for each in former]


def handle(secret: str, purpose: str) -> str:
    """Names one thing by a secret of at least 128 random bits in it, and opens nothing: a digest that needs no key."""
    return hashlib.sha256(f"{purpose}\x00{secret}".encode()).hexdigest()[:_PSEUDONYM_DIGITS]


def _pseudonymous(purpose: str) -> str:
    return f"pseudonym:{purpose}"


def _digest(value: str, purpose: str, key: bytes) -> str:
    return hmac.digest(key, f"{purpose}\x00{value}".encode(), hashlib.sha256).hex()
