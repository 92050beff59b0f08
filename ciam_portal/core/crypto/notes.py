"""Signed notes (C2SP signed-note) with Ed25519, and the checkpoints of a log in them (C2SP tlog-checkpoint).

Pure. A note is text, an empty line and a line for each signature. A verifier's key is one line that holds the name of
who signs, so that a signature of one log counts for no other.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_ID_BYTES, _SIGNATURE_BYTES, _HASH_BYTES = 4, 64, 32
_SIGNATURE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class NotANote(Exception):
    """It is no note, nobody whom we know has signed it, or a signature in it is wrong. Says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How a log stood: so many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def public(seed: bytes) -> bytes:
    """The public half of a key."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def key_id(name: str, key: bytes) -> bytes:
    """What stands before each signature of this key under this name."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key).digest()[:_ID_BYTES]


def verifier(name: str, key: bytes) -> str:
    """The line by which others know the key."""
    return f"{name}+{key_id(name, key).hex()}+{encoded(_ED25519 + key)}"


def read_verifier(line: str) -> tuple[str, bytes]:
    """The name and the public key in such a line. Raises NotANote."""
    name, _, rest = line.strip().partition("+")
    number, _, text = rest.partition("+")
    key = decoded(text)
    if key[:1] != _ED25519 or len(key) != 1 + _HASH_BYTES or key_id(name, key[1:]).hex() != number:
        raise NotANote("This is no line of a verifier's key: name+number+key.")
    return name, key[1:]


def sign(text: str, name: str, seeds: Sequence[bytes]) -> str:
    """The note: signed with each of these keys, so that whoever knows one of them can read it."""
    lines = []
    for seed in seeds:
        signed = Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
        lines.append(f"\u2014 {name} {encoded(key_id(name, public(seed)) + signed)}\n")
    return f"{text}\n{''.join(lines)}"


def opened(note: str, known: Mapping[str, Sequence[bytes]]) -> str:
    """The text that somebody known has signed; ``known``: by name, their public keys. Raises NotANote.

    Who is not known does not count; one wrong signature of somebody who is known makes all of it worthless.
    """
    text, gap, signed = note.rpartition("\n\n")
    if not gap or not signed.endswith("\n"):
        raise NotANote("It is no signed note.")
    text, good, seen = f"{text}\n", False, set()
    for line in signed.removesuffix("\n").split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if not found:
            raise NotANote("It is no signed note.")
        name, blob = found[1], decoded(found[2])
        number, signature = blob[:_ID_BYTES], blob[_ID_BYTES:]
        key = next((each for each in known.get(name, ()) if key_id(name, each) == number), None)
        if key is None:
            continue
        if (name, number) in seen or len(signature) != _SIGNATURE_BYTES:
            raise NotANote(f"The signature of {name} is wrong.")
        seen.add((name, number))
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
        except InvalidSignature:
            raise NotANote(f"The signature of {name} is wrong.") from None
        good = True
    if not good:
        raise NotANote("Nobody whom we know has signed it.")
    return text


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; lines that others added after it do not count. Raises NotANote."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _NUMBER.fullmatch(lines[1]):  # noqa: PLR2004  (three, and the end of the last)
        raise NotANote("It is no checkpoint: origin, size and root, each on a line.")
    root = decoded(lines[2])
    if len(root) != _HASH_BYTES:
        raise NotANote("Its root is no hash.")
    return Checkpoint(lines[0], int(lines[1]), root)


def encoded(value: bytes) -> str:
    """Base64, as notes have it."""
    return base64.b64encode(value).decode()


def decoded(text: str) -> bytes:
    """The bytes of it. Raises NotANote unless it is written in the one way there is."""
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    if not value or encoded(value) != text:
        raise NotANote("It holds no base64 where it should.")
    return value
