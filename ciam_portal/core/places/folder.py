"""The folder of network data: which files count, what this process has read of them, and how a new one comes in.

A file's name says what it holds: ``country`` or ``asn``, then ``-ipv4`` or ``-ipv6`` if it knows only these, then
``.mmdb`` or ``.csv``; ``blocklist.txt`` is the operator's list of where attacks come from. Files come in whole, by
renaming, so that a running process never sees half of one.
"""

import contextlib
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from ciam_portal.core.places import mmdb
from ciam_portal.core.places.blocklist import Blocklist
from ciam_portal.core.places.kinds import VERSIONS, Address, Broken, NetworkKind, Reader
from ciam_portal.core.places.ranges import Ranges
from ciam_portal.core.places.registry import Registry

LOOK_SECONDS = 20.0
_MOST_BYTES = 2**30
_SUFFIXES = (".mmdb", ".csv")
BLOCKLIST = "blocklist.txt"

Stamp = tuple[int, int, int]
log = logging.getLogger(__name__)


def _stems(kind: NetworkKind) -> dict[str, tuple[int, ...]]:
    """The names a file of this kind may have, the narrowest first, and the IP versions that each answers for."""
    return {f"{kind}-ipv4": (4,), f"{kind}-ipv6": (6,), str(kind): VERSIONS}


_NAMES = {
    stem + suffix: (kind, versions)
    for kind in NetworkKind
    for stem, versions in _stems(kind).items()
    for suffix in _SUFFIXES
}  # in the order in which they are asked


@dataclass(frozen=True, slots=True)
class Sources:
    """What a process has read: per kind and IP version the reader to ask."""

    folder: Path
    files: dict[str, tuple[Stamp, Reader | None]] = field(default_factory=dict)
    readers: dict[tuple[NetworkKind, int], Reader] = field(default_factory=dict)
    blocked: tuple[Stamp, Blocklist | None] | None = None
    """None: there is no list. A list that was never readable is as good as none."""

    def of(self, kind: NetworkKind, ip: Address) -> Reader | None:
        """Who knows this kind for this address."""
        return self.readers.get((kind, ip.version))


class _Watch:
    """Reads the folder when first asked, then looks for changed files every few seconds, one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known = Sources(Path())
        self._look_at = 0.0

    def sources(self) -> Sources:
        """What is known now. While one thread reads a new file, the others go on with what was known before."""
        folder: Path = settings.NETWORK_DATA_DIR
        known = self._known
        usable = known.folder == folder
        if usable and time.monotonic() < self._look_at:
            return known
        if self._lock.acquire(blocking=not usable):
            try:
                if self._known is known:
                    self._known = _read(folder, known if usable else Sources(folder))
                    self._look_at = time.monotonic() + LOOK_SECONDS
                known = self._known
            finally:
                self._lock.release()
        return known


_watch = _Watch()
current = _watch.sources


def _read(folder: Path, before: Sources) -> Sources:
    files: dict[str, tuple[Stamp, Reader | None]] = {}
    readers: dict[tuple[NetworkKind, int], Reader] = {}
    for name, stamp in stamps(folder).items():
        kind, versions = _NAMES[name]
        known = before.files.get(name)
        if known and known[0] == stamp:
            reader = known[1]
        else:
            reader = _open(folder / name, kind) or (known[1] if known else None)
        files[name] = (stamp, reader)
        if reader:
            for version in versions:
                readers.setdefault((kind, version), reader)
    for version in VERSIONS:
        readers.setdefault((NetworkKind.COUNTRY, version), Registry())
    return Sources(folder, files, readers, _blocked(folder / BLOCKLIST, before.blocked))


def _blocked(path: Path, known: tuple[Stamp, Blocklist | None] | None) -> tuple[Stamp, Blocklist | None] | None:
    stamp = _stamp(path)
    if stamp is None or (known is not None and known[0] == stamp):
        return known if stamp else None
    try:
        return stamp, Blocklist(path)
    except (Broken, OSError) as error:
        log.error("The blocklist cannot be used: %s.", error)  # noqa: TRY400  (no traceback)
        return stamp, known[1] if known else None


def stamps(folder: Path) -> dict[str, Stamp]:
    """The files in the folder that count, in the order in which they are asked, and how to see that one changed."""
    return {name: stamp for name in _NAMES if (stamp := _stamp(folder / name)) is not None}


def _stamp(path: Path) -> Stamp | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _open(path: Path, kind: NetworkKind) -> Reader | None:
    try:
        if path.suffix == ".mmdb":
            return mmdb.Database(path)
        ranges = Ranges(path)
    except (Broken, OSError) as error:
        log.error("The network data in %s cannot be used: %s.", path.name, error)  # noqa: TRY400  (no traceback)
        return None
    if ranges.kind is not kind:
        log.error("The network data in %s cannot be used: its name says otherwise than its content.", path.name)
        return None
    return ranges


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that was copied into the folder under a passing name and read to its end."""

    path: Path
    suffix: str
    versions: tuple[int, ...]
    entries: dict[NetworkKind, int]

    @property
    def slots(self) -> set[tuple[NetworkKind, int]]:
        """What it will answer for."""
        return {(kind, version) for kind in self.entries for version in self.versions}


def examine(path: Path) -> tuple[str, tuple[int, ...], dict[NetworkKind, int]]:
    """Read a file to its end: its form (as a suffix), IP versions, and how many entries of each kind. Or Broken."""
    _check_size(path)
    suffix = ".mmdb" if mmdb.is_mmdb(path) else ".csv"
    counts, versions = (mmdb.Database(path) if suffix == ".mmdb" else Ranges(path)).examine()
    entries = {kind: count for kind, count in counts.items() if count}
    if not entries:
        raise Broken("no country and no AS number in it")
    return suffix, tuple(sorted(versions)), entries


def _check_size(path: Path) -> None:
    if not path.is_file():
        raise Broken("no such file")
    if not 0 < path.stat().st_size <= _MOST_BYTES:
        raise Broken(f"empty, or larger than {_MOST_BYTES:,} bytes")


@contextlib.contextmanager
def staged(source: Path, folder: Path) -> Iterator[Staged]:
    """Copy a file into the folder and read the copy to its end. Raises Broken. A copy not installed is removed."""
    with _copied(source, folder) as path:
        suffix, versions, entries = examine(path)
        yield Staged(path, suffix, versions, entries)


@contextlib.contextmanager
def staged_blocklist(source: Path, folder: Path) -> Iterator[tuple[Path, Blocklist]]:
    """The same for a blocklist: the copy, which ``put_blocklist`` puts to use, and what it lists."""
    with _copied(source, folder) as path:
        _check_size(path)
        yield path, Blocklist(path)


def put_blocklist(copy: Path) -> None:
    """Give the copy its name, in one step."""
    copy.replace(copy.with_name(BLOCKLIST))


@contextlib.contextmanager
def _copied(source: Path, folder: Path) -> Iterator[Path]:
    if not source.is_file():
        raise Broken("no such file")
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy)
        path.chmod(0o644)  # public data, read by whoever serves
        yield path
    finally:
        path.unlink(missing_ok=True)


def install(new: Staged, kind: NetworkKind) -> tuple[str, list[str]]:
    """Give the copy its name, in one step. Its name, and the files it stands in for from now on."""
    folder, narrow = new.path.parent, f"-ipv{new.versions[0]}" if len(new.versions) == 1 else ""
    name = f"{kind}{narrow}{new.suffix}"
    outdated = [
        other
        for other, (other_kind, versions) in _NAMES.items()
        if other_kind is kind and set(versions) <= set(new.versions) and (folder / other).exists()
    ]
    twin = new.path.with_name(new.path.name + f"-{kind}")  # one file may hold both kinds
    shutil.copy(new.path, twin)
    twin.replace(folder / name)
    for other in outdated:
        if other != name:
            (folder / other).unlink(missing_ok=True)
    return name, outdated
