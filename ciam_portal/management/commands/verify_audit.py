"""``manage.py verify_audit``: is the audit as it was written, all of it, and nothing else? Reads all rows."""

import gc
from argparse import ArgumentParser
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.dateparse import parse_date

from ciam_portal.core.audit.models import Leaf
from ciam_portal.core.audit.tree import checkpoints, leaves, verify
from ciam_portal.core.audit.tree.models import Waiting
from ciam_portal.core.audit.tree.verify import Verification, What
from ciam_portal.core.crypto.notes import NotANote


class Command(BaseCommand):
    """Exit status 0: every row is as it was written, and none is missing. 1: what is not so was named."""

    help = "Find every row of the audit that was edited, deleted, inserted or moved since it was written, and name it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare with, from when on, and how many to name."""
        parser.add_argument(
            "--checkpoint", metavar="FILE", type=Path,
            help="checkpoints that were kept elsewhere, by a witness or in a log: the tree must have grown from them",
        )  # fmt: skip
        parser.add_argument("--since", metavar="YYYY-MM-DD", help="only rows that were sealed from about this day on")
        parser.add_argument("--most", type=int, default=100, help="name no more rows than this (100)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read them, and say what was found."""
        since = _since(options["since"])
        verification = Verification(_first(since), outside=_outside(options["checkpoint"]))
        bad, unknown = 0, 0
        gc.freeze()  # what is there already need not be walked again and again for a million rows
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            for fault in chain(verification.faults(), verification.unsealed(since)):
                bad += 1
                unknown += fault.what is What.KEY_UNKNOWN
                if bad <= options["most"]:
                    self.stderr.write(str(fault))
        for name, table in leaves.tables().items():
            said = ", ".join(f"{number:,} {state}" for state, number in sorted(verification.seals[name].items()))
            self.stdout.write(f"{table.model._meta.verbose_name}: {said or 'no row'}")  # noqa: SLF001  (Django's way)
        waiting = _many(Waiting.objects.count(), "row waits", "rows wait")
        self.stdout.write(f"tree: {verification.size:,} leaves, root {verification.root.hex()}; {waiting}")
        if bad > unknown:
            many = _many(bad - unknown, "THING IS NOT AS IT WAS WRITTEN", "THINGS ARE NOT AS THEY WERE WRITTEN")
            raise CommandError(f"{many}.")
        if unknown:
            many = _many(unknown, "row was", "rows were")
            raise CommandError(f"{many} sealed with a key that is not among AUDIT_KEYS: add it to check.")


def _since(text: str | None) -> datetime:
    if not text:
        return verify.EVER
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError("--since takes a day: YYYY-MM-DD.")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _first(since: datetime) -> int:
    """The first leaf of a row of that time; those before are taken as they stand."""
    if since == verify.EVER:
        return 0
    found = Leaf.objects.filter(at__gte=since).order_by("index").values_list("index", flat=True).first()
    return Leaf.objects.count() if found is None else found


def _outside(path: Path | None) -> list[str]:
    """The notes in the file, each signed by a key of ours. Raises CommandError."""
    if path is None:
        return []
    try:
        found = checkpoints.found_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if not found:
        raise CommandError(f"{path} holds no checkpoint.")
    for note in found:
        try:
            checkpoints.opened(note)
        except NotANote as error:
            raise CommandError(f"{path}: {error}") from error
    return found


def _many(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"
