"""manage.py import_customers FILE.jsonl: first a dry run and a proposal; once an administrator approved it, the import.

Killed at any point, it is begun again and goes on. The README says what stands in the file.
"""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Move
from accounts.moving.flows import files, two_people
from accounts.moving.lines import NoImport
from accounts.moving.shapes import Direction, Line, State
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import parcel
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence


class Command(BaseCommand):
    """Says line numbers, codes and counts; nothing of what stands in the file."""

    help = (
        "Bring customers in from a file. The first run reads it without changing anything, reports, and proposes the "
        "import; an administrator approves it on the staff site; the next run imports. Broken lines are left out, and "
        "named by number and reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and what to do with it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", type=Path, help="our private key (PEM), of a file that was sealed for us")
        parser.add_argument("--dry-run", action="store_true", help="report, and propose nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """As far as it may go."""
        try:
            opens = parcel.opener(parcel.key(options["key"].read_bytes())) if options["key"] else bytes
            with options["file"].open("rb") as file:
                self._handle(files.File(file, opens, self._broken), dry=options["dry_run"])
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        except (NoImport, parcel.UnusableKey) as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(sentence(refused.reason)) from refused

    def _handle(self, found: files.File, *, dry: bool) -> None:
        move = two_people.found(Direction.BRING, found.sha256)
        if move is not None and move.state == State.APPROVED and not dry:
            self._import(move, found)
            return
        by, at = Actor.system(), clock.now()
        counts = files.survey(found, at=at)
        for what, number in sorted(counts.items()):
            self.stdout.write(f"{what}: {number:,}")
        self.stdout.write(f"SHA-256: {found.sha256}")
        if dry:
            return
        if move is None or at >= move.expires_at:
            two_people.propose(Direction.BRING, found.sha256, dict(counts), by=by, at=at)
        self.stdout.write("Proposed. An administrator has to approve it on the staff site; then run this again.")

    def _import(self, move: Move, found: files.File) -> None:
        began, before = time.monotonic(), move.customers
        move = files.bring_in(move, found, by=Actor.system())
        minutes = (time.monotonic() - began) / 60
        self.stdout.write(f"{move.customers:,} customers imported, {move.broken:,} lines left out.")
        self.stdout.write(f"{(move.customers - before) / minutes:,.0f} customers a minute.")

    def _broken(self, line: Line) -> None:
        self.stderr.write(f"line {line.number}: {line.wrong}")
