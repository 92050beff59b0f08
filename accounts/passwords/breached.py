"""The published files of breached passwords as one sorted file: the first six bytes of each SHA-1.

A look-up reads some thirty entries of it. A password that is in no breach is taken for one that is with a probability
of entries / 2**48: three in a million for 850 million entries, which are 5 gigabytes here and 38 as published.
"""

import contextlib
import logging
import mmap
import os
import re
import tempfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from django.conf import settings

_ENTRY = 6
_LINE = re.compile(rb"([0-9A-F]{40})(?::([0-9]{1,12}))?\s*", re.IGNORECASE)
_RANGE = re.compile(r"([0-9A-F]{5})(\.txt)?", re.IGNORECASE)
_FLUSH = 1 << 20
log = logging.getLogger(__name__)


class Unreadable(Exception):
    """A file is no published list of breached passwords; the text says why, after "FILE: "."""


@dataclass(frozen=True, slots=True)
class _Opened:
    stamp: tuple[int, int, int]
    entries: mmap.mmap | bytes


_opened: _Opened | None = None


def is_loaded() -> bool:
    """Whether there is a file to look into."""
    return _file() is not None


def knows(sha1: bytes) -> bool:
    """Whether a password with this SHA-1 is in the loaded files; False where none is loaded."""
    opened = _file()
    if opened is None:
        return False
    entries, wanted = opened.entries, sha1[:_ENTRY]
    count = len(entries) // _ENTRY
    at = bisect_left(range(count), wanted, key=lambda i: bytes(entries[i * _ENTRY : (i + 1) * _ENTRY]))
    return at < count and bytes(entries[at * _ENTRY : (at + 1) * _ENTRY]) == wanted


def load(source: Path, *, at_least: int = 1) -> int:
    """Put what stands in ``source`` in place of what was loaded before, in one step; the number of entries.

    A file with one ``SHA1:COUNT`` a line, sorted, or a folder of range files (named after the first five digits, with
    ``REST:COUNT`` in each). Seen in fewer than ``at_least`` breaches: left out. Raises Unreadable or OSError; then
    nothing is changed.
    """
    target: Path = settings.BREACHED_PASSWORDS
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            count = 0
            for block in _blocks(_prefixes(source, at_least)):
                count += len(block) // _ENTRY
                file.write(block)
        if not count:
            raise Unreadable("no breached password in it")
        path.chmod(0o644)  # public data, read by whoever serves
        path.replace(target)
        return count
    finally:
        path.unlink(missing_ok=True)


def _file() -> _Opened | None:
    """The file as it is now: a new one is seen at the next look-up. None, loudly, if it cannot be read."""
    global _opened  # noqa: PLW0603  (one map for each process)
    path: Path = settings.BREACHED_PASSWORDS
    try:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if _opened is None or _opened.stamp != stamp:
            with path.open("rb") as file:
                entries = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if stat.st_size else b""
            _opened = _Opened(stamp, entries)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("The list of breached passwords cannot be read: %s.", error.strerror)  # noqa: TRY400  (no traceback)
        return None
    return _opened


def _blocks(prefixes: Iterable[bytes]) -> Iterator[bytes]:
    last, block = b"", bytearray()
    for prefix in prefixes:
        if prefix == last:
            continue
        if prefix < last:
            raise Unreadable("its lines are not in the order of their hashes; sort it first")
        block += prefix
        last = prefix
        if len(block) >= _FLUSH:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _prefixes(source: Path, at_least: int) -> Iterator[bytes]:
    for line in _lines(source):
        found = _LINE.fullmatch(line)
        if found is None:
            raise Unreadable("a line is no SHA-1 with a count")
        if found[2] is None or int(found[2]) >= at_least:
            yield bytes.fromhex(found[1][: 2 * _ENTRY].decode())


def _lines(source: Path) -> Iterator[bytes]:
    if source.is_dir():
        files = sorted((found[1].upper(), path) for path in source.iterdir() if (found := _RANGE.fullmatch(path.name)))
        yield from chain.from_iterable(_of_range(digits.encode(), path) for digits, path in files)
        return
    with contextlib.closing(source.open("rb")) as file:
        yield from file


def _of_range(digits: bytes, path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            yield digits + line
