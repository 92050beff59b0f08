"""Hashes that customers brought from elsewhere: checked until the first right sign-in, which replaces them by ours.

Nothing is ever hashed anew with one of these. What is stored begins with ``PREFIX``, so that it can be found. All of it
is derived from the password alone: no key of the former system is needed, or kept.
"""

import hashlib
import hmac
from typing import Any

import bcrypt
from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw, verify_secret
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.contrib.auth.hashers import BasePasswordHasher

from accounts.passwords.hashers import Argon2id
from accounts.passwords.shapes import FOREIGN as PREFIX
from ciam_portal.core import base64url

KEPT = 32
"""Bytes kept of a key, at most: whatever its length, PBKDF2 and scrypt begin it alike."""
BEFORE, AFTER = "b", "a"
"""Where a salt stood."""
_BCRYPT_READS = 72  # bytes of a password; the library refuses longer ones
_SCRYPT_MEMORY = 192 << 20


class Foreign(BasePasswordHasher):
    """``algorithm$parameters…$salt$kept``. Who asks evens out failures (``accounts.sign_in.adapter``)."""

    def encode(self, password: str, salt: str) -> str:  # noqa: ARG002  (Django's)
        """Never: raises TypeError."""
        message = "nothing is stored anew as somebody else's hash"
        raise TypeError(message)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is this password."""
        _algorithm, *parameters, salt, end = encoded.split("$")
        kept = base64url.decode(end)
        return hmac.compare_digest(self.of(password.encode(), base64url.decode(salt), *parameters)[: len(kept)], kept)

    def of(self, password: bytes, salt: bytes, *parameters: str) -> bytes:
        """What is kept of it."""
        raise NotImplementedError

    def must_update(self, encoded: str) -> bool:  # noqa: ARG002  (Django's)
        """Always: by ours."""
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: see above."""

    def safe_summary(self, encoded: str) -> dict[Any, Any]:  # noqa: ARG002  (Django's)
        """Nothing of it is shown."""
        return {}


class OldPbkdf2(Foreign):
    """PBKDF2 with a salt of any bytes; Django's own takes a text."""

    algorithm = PREFIX + "pbkdf2"

    def of(self, password: bytes, salt: bytes, *parameters: str) -> bytes:
        """By digest and number of iterations."""
        digest, iterations = parameters
        return hashlib.pbkdf2_hmac(digest, password, salt, int(iterations), KEPT)


class OldScrypt(Foreign):
    """RFC 7914, with any salt."""

    algorithm = PREFIX + "scrypt"

    def of(self, password: bytes, salt: bytes, *parameters: str) -> bytes:
        """By N, r and p."""
        n, r, p = map(int, parameters)
        return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_MEMORY, dklen=KEPT)


class OldFirebase(OldScrypt):
    """Firebase's scrypt: its result is a key under which the project's signer key was encrypted (AES-256-CTR).

    Kept is the stream of that cipher by itself, which is had from both at the import: so the signer key is not needed.
    """

    algorithm = PREFIX + "firebase"

    def of(self, password: bytes, salt: bytes, *parameters: str) -> bytes:
        """By N, r and p."""
        key = super().of(password, salt, *parameters)
        return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(bytes(KEPT))


class OldDigest(Foreign):
    """A bare, salted digest: wrapped in our Argon2id at the import, so that it is nowhere kept as it was."""

    algorithm = PREFIX + "digest"

    def of(self, password: bytes, salt: bytes, *parameters: str) -> bytes:
        """By where their salt stood, the digest, what wraps it, and their salt; ``salt`` is that of what wraps it."""
        salted, digest, cost, before = parameters
        theirs = base64url.decode(before)
        text = theirs + password if salted == BEFORE else password + theirs
        return wrapped(hashlib.new(digest, text, usedforsecurity=False).digest(), salt, cost)


class OldArgon2(Foreign):
    """Argon2 with other parameters than ours, as its own text form says them."""

    algorithm = PREFIX + "argon2"

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is this password."""
        text = encoded.removeprefix(self.algorithm)
        kind = next(kind for kind in Type if text.startswith(f"$argon2{kind.name.lower()}$"))
        try:
            return verify_secret(text.encode(), password.encode(), kind)
        except Argon2Error:
            return False


class OldBcrypt(Foreign):
    """bcrypt reads 72 bytes of a password, and takes none with a NUL."""

    algorithm = PREFIX + "bcrypt"

    def verify(self, password: str, encoded: str) -> bool:
        """Whether it is this password, as far as bcrypt reads it."""
        text = encoded.removeprefix(f"{self.algorithm}$")
        try:
            return bcrypt.checkpw(password.encode()[:_BCRYPT_READS], text.encode())
        except ValueError:
            return False


def cost_of_ours() -> str:
    """The memory and passes of our Argon2id today."""
    return f"{Argon2id.memory_cost}-{Argon2id.time_cost}"


def wrapped(digest: bytes, salt: bytes, cost: str) -> bytes:
    """A bare digest in Argon2id, with this memory and so many passes."""
    memory, passes = map(int, cost.split("-"))
    return hash_secret_raw(digest, salt, passes, memory, 1, KEPT, Type.ID)
