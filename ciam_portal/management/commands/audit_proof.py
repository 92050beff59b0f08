"""``manage.py audit_proof ID``: a file that proves to anybody, offline, that this row stands in the audit's tree."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core.audit.tree import proofs


class Command(BaseCommand):
    """Written to standard output: C2SP tlog-proof, with the row itself."""

    help = "Write the proof that a row stands in the audit's tree; deploy/witness.py checks it anywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which row."""
        parser.add_argument("id", type=UUID, help="the id of an audit entry, a decision or another row of the tree")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        try:
            self.stdout.write(proofs.of(options["id"]), ending="")
        except proofs.NoProof as error:
            raise CommandError(str(error)) from error
