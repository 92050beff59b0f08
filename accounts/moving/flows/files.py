"""A whole file, for the commands: looked through, or brought in with one transaction for each batch."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BufferedReader

from django.db import IntegrityError

from accounts.models import Move
from accounts.moving import lines
from accounts.moving.flows import bring
from accounts.moving.lines import Opens, Reader
from accounts.moving.shapes import Line
from accounts.passwords.hashers import foreign, reading
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits

_SHARE = 0.4  # of the time that a failed sign-in takes, for the hash: the rest is everything else
_TRIES = 3


@dataclass(frozen=True)
class File:
    """An import in hand. ``opens``: lines that were sealed for us; ``broken`` hears of each line that is left out."""

    file: BufferedReader
    opens: Opens
    broken: Callable[[Line], None]

    @cached_property
    def sha256(self) -> str:
        """Of all of it."""
        self.file.seek(0)
        return hashlib.file_digest(self.file, "sha256").hexdigest()

    def reader(self, wrap: reading.Wrap, at: datetime) -> Reader:
        """What reads it, with the first line behind it. Raises NoImport."""
        self.file.seek(0)
        most = limits.current().moving.failure_milliseconds * _SHARE
        return Reader(lines.first(self.file, self.opens), self.opens, wrap, most, at)

    def say(self, batch: list[Line]) -> None:
        """Which of these are broken."""
        for line in batch:
            if line.person is None:
                self.broken(line)


def survey(found: File, *, at: datetime) -> Counter[str]:
    """The dry run: what it would bring, and each broken line. Raises NoImport. An address twice is found later."""
    counts = Counter[str]()
    reader = found.reader(lambda _digest, _salt, _cost: bytes(foreign.KEPT), at)
    for batch in lines.batches(found.file, reader, line=1):
        looked_at = bring.sort_out(batch)
        bring.counted(looked_at, counts)
        found.say(looked_at)
    return counts


def bring_in(move: Move, found: File, *, by: Actor) -> Move:
    """All that is left of it; the move as it is then. Raises Refused, and NoImport."""
    left = _TRIES
    while True:
        try:
            _go_on(move, found, by)
            return bring.end(move, found.sha256, by=by, at=clock.now())
        except (bring.Elsewhere, IntegrityError):  # another run of it, or a sign-up in the same instant: look again
            left -= 1
            if not left:
                raise


def _go_on(move: Move, found: File, by: Actor) -> None:
    move.refresh_from_db()
    reader = found.reader(foreign.wrapped, clock.now())
    found.file.seek(max(move.position, found.file.tell()))
    for batch in lines.batches(found.file, reader, line=max(move.line, 1)):
        found.say(bring.take(move, found.sha256, batch, by=by, at=clock.now()))
