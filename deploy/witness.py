"""Keep the checkpoints of a portal's audit where whoever has the portal or its database cannot write.

    python3 witness.py watch https://id.example.com /var/lib/witness/checkpoints 'KEY'
    python3 witness.py check PROOF 'KEY'

``watch`` asks for the last checkpoint and for the proof that the tree only grew since the one kept last; only then it
adds it to the file. Run it from cron. ``check`` reads what ``manage.py audit_proof`` wrote: this row stands in a tree
that was signed. KEY is a line of ``manage.py audit keys``, got once and by another way; give both while one key follows
another.
Exit status 1: it is not so, and the sentence says what. Needs Python 3.10 and ``cryptography``; nothing of the portal.
"""

import argparse
import base64
import hashlib
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PATIENCE, MOST = 30, 1 << 20  # seconds, bytes
EMPTY = hashlib.sha256(b"").digest()


class Refused(Exception):
    """It is not so."""


class Checkpoint(NamedTuple):
    """So many leaves, and the root over them."""

    size: int
    root: bytes
    note: str


Keys = dict[str, tuple[str, bytes]]


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (RFC 9162 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def plain(text: str) -> bytes:
    """Base64, written in the one way there is."""
    value = base64.b64decode(text.encode(), validate=True)
    if base64.b64encode(value).decode() != text:
        raise Refused("no base64 where it should be")
    return value


def keys(lines: list[str]) -> Keys:
    """By their number, who signs with them and the public key."""
    found = {}
    for line in lines:
        name, number, key = line.strip().split("+", 2)
        raw = plain(key)
        if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != number or raw[:1] != b"\x01":
            raise Refused(f"this is no key: {line}")
        found[number] = (name, raw[1:])
    return found


def opened(note: str, known: Keys) -> Checkpoint:
    """A checkpoint that a key we know has signed (C2SP signed-note, tlog-checkpoint)."""
    text, _, signatures = note.rpartition("\n\n")
    origin, size, root = text.split("\n")[:3]
    good = False
    for line in signatures.splitlines():
        dash, name, blob = line.split(" ")
        signature = plain(blob)
        signer, key = known.get(signature[:4].hex(), ("", b""))
        if dash != "\u2014" or signer != name:
            continue
        Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], f"{text}\n".encode())
        good = name == origin
    if not good or not re.fullmatch(r"0|[1-9][0-9]*", size) or len(plain(root)) != len(EMPTY):
        raise Refused("no checkpoint that a known key has signed")
    return Checkpoint(int(size), plain(root), note)


def sides(at: int, last: int) -> list[bool]:
    """On which side each hash of a proof stands, from the leaves up; True: on the left."""
    found = []
    while last:
        found.append(bool(at & 1) or at == last)
        if found[-1]:
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return found


def grew(old: Checkpoint, new: Checkpoint, proof: list[bytes]) -> bool:
    """Whether the one tree begins with the other (section 2.1.4.2)."""
    if new.size < old.size or old.size in {0, new.size}:
        return not proof and (old.root == (new.root if old.size else EMPTY)) and new.size >= old.size
    path = proof if old.size & (old.size - 1) else [old.root, *proof]
    shift = (old.size & -old.size).bit_length() - 1
    ways = sides(old.size - 1 >> shift, new.size - 1 >> shift)
    if len(ways) != len(path) - 1:
        return False
    was = now = path[0]
    for each, is_left in zip(path[1:], ways, strict=True):
        was, now = (node(each, was), node(each, now)) if is_left else (was, node(now, each))
    return (was, now) == (old.root, new.root)


def watch(url: str, kept: Path, known: Keys) -> str:
    """Ask, compare, and keep."""
    notes = re.findall(r"(?:[^\n\u2014].*\n)+\n(?:\u2014 .*\n)+", kept.read_text("utf-8") if kept.exists() else "")
    old = opened(notes[-1], known) if notes else Checkpoint(0, EMPTY, "")
    asked = f"{url.rstrip('/')}/.well-known/audit-checkpoint?old={old.size}"
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310  (the operator names it)
            head, _, note = answer.read(MOST).decode().partition("\n\n")
    except urllib.error.HTTPError as error:
        raise Refused(f"no proof that the audit grew from the {old.size} leaves kept here: {error}") from error
    first, *proof = head.split("\n")
    new = opened(note, known)
    if first != f"old {old.size}" or not grew(old, new, [plain(each) for each in proof]):
        raise Refused(
            f"THE AUDIT WAS REWRITTEN: its {new.size} leaves do not begin with the {old.size} kept here\n{note}"
        )
    if new.size > old.size:
        with kept.open("a", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
    return f"{new.size} leaves, grown from {old.size}"


def check(proof: Path, known: Keys) -> str:
    """The row in the file, if it stands in the tree that was signed (section 2.1.3.2)."""
    head, _, note = proof.read_text("utf-8").partition("\n\n")
    magic, extra, where, *path = head.split("\n")
    entry, index, signed = plain(extra[len("extra ") :]), int(where[len("index ") :]), opened(note, known)
    hashed = hashlib.sha256(b"\x00" + entry).digest()
    ways = sides(index, signed.size - 1)
    if magic != "c2sp.org/tlog-proof@v1" or not 0 <= index < signed.size or len(ways) != len(path):
        raise Refused("no proof of a row")
    for each, is_left in zip(path, ways, strict=True):
        hashed = node(plain(each), hashed) if is_left else node(hashed, plain(each))
    if hashed != signed.root:
        raise Refused("this row does not stand in the tree that was signed")
    return entry.decode()


def main() -> None:
    """Read the command line and obey."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    watches = verbs.add_parser("watch")
    watches.add_argument("url")
    watches.add_argument("file", type=Path)
    checks = verbs.add_parser("check")
    checks.add_argument("file", type=Path)
    for each in (watches, checks):
        each.add_argument("keys", nargs="+", metavar="KEY")
    chosen = parser.parse_args()
    try:
        known = keys(chosen.keys)
        said = watch(chosen.url, chosen.file, known) if chosen.verb == "watch" else check(chosen.file, known)
        sys.stdout.write(f"{said}\n")
    except InvalidSignature:
        sys.exit("a known key's signature is wrong")
    except (Refused, ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
