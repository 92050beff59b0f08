"""``manage.py audit``: the last checkpoint of the audit's tree, the keys that sign it, and sealing what waits now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.tree import checkpoints, proofs, sealer
from ciam_portal.core.audit.tree.stored import Torn

_SECONDS = 3600.0


class Command(BaseCommand):
    """What others keep, so that nobody here can rewrite the audit unseen."""

    help = "Print the last signed checkpoint of the audit, or the keys that sign it, or seal what waits now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("checkpoint", help="the last one: keep it where nobody who has the database can write")
        verbs.add_parser("keys", help="the lines by which a witness knows who signs (C2SP verifier keys)")
        verbs.add_parser("seal", help="seal everything that waits, now; beat does so every few seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if options["verb"] == "keys":
            self.stdout.write("\n".join(checkpoints.verifiers()))
            return
        if options["verb"] == "seal":
            try:
                self.stdout.write(f"{sealer.seal_all(_SECONDS, clock.now()):,} rows sealed.")
            except Torn as error:
                raise CommandError(f"The tree is torn: {error}. See: manage.py verify_audit") from error
            return
        last = proofs.last()
        if last is None:
            raise CommandError("No checkpoint was signed yet.")
        self.stdout.write(last.note, ending="")
