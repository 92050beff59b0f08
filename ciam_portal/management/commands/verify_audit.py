"""``manage.py verify_audit``: is every row of the audit as it was written? Reads all seals."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core.audit import seal
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry

_CHUNK = 2_000


class Command(BaseCommand):
    """Exit status 0: all seals hold. 1: those of the named rows do not, or cannot be. Removed rows have none."""

    help = "Check the seal of every audit and decision row; fails and names those that were changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many to name."""
        parser.add_argument("--most", type=int, default=100, help="name no more rows than this (100)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read both tables in the order of their ids."""
        bad, unknown = 0, 0
        for name, model in (("audit entry", AuditEntry), ("decision", DecisionEntry)):
            counts = dict.fromkeys(seal.Seal, 0)
            for row in model.objects.order_by("pk").iterator(chunk_size=_CHUNK):
                counts[state := seal.check(row)] += 1
                if not state.holds and (bad := bad + 1) <= options["most"]:
                    self.stderr.write(f"{name} {row.pk}: {state}")
                unknown += state is seal.Seal.KEY_UNKNOWN
            said = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
            self.stdout.write(f"{name}: {said or 'no row'}")
        if bad > unknown:
            raise CommandError(f"{bad - unknown:,} ROWS ARE NOT AS THEY WERE WRITTEN.")
        if unknown:
            raise CommandError(
                f"{unknown:,} rows were sealed with a key that is not among AUDIT_KEYS: add it to check."
            )
