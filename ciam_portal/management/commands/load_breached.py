"""``manage.py load_breached FILE``: the published files of breached passwords, so that no such password is chosen."""

from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError

from accounts.passwords import breached
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow


@dataclass(frozen=True, slots=True)
class BreachedPasswordsLoaded(AuditEvent):
    """Another list of breached passwords came into use."""

    name: ClassVar[str] = "passwords.breached_loaded"
    entries: int


@flow
def load(source: Path, at_least: int, *, by: Actor, at: datetime) -> int:
    """Read the files and put them to use; the number of entries."""
    entries = breached.load(source, at_least=at_least)
    record(BreachedPasswordsLoaded(entries=entries), about=None, by=by, at=at)
    return entries


class Command(BaseCommand):
    """The whole list is replaced, or nothing is; running processes see a new one at their next look-up."""

    help = (
        "Replace the list of breached passwords by the one in FILE: one SHA1:COUNT a line, sorted, as it is published; "
        "or a folder of the published range files. It is read as a stream and kept at BREACHED_PASSWORDS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file, and how often a password must have been seen."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--at-least", metavar="N", type=int, default=1, help="leave out what was seen less often")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read it whole, put it to use, say how much it was."""
        file: Path = options["file"]
        try:
            entries = load(file, options["at_least"], by=Actor.system(), at=clock.now())
        except (breached.Unreadable, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise CommandError(f"{file}: {why}. Nothing was changed.") from error
        self.stdout.write(f"{file}: {entries:,} breached passwords. In use.")
