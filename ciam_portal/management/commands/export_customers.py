"""manage.py export_customers KEY.pem FILE: a proposal first; once an administrator approved it, all customers.

Each line is a JWE to this public key. Opened, the lines are what import_customers reads: it takes the sealed file too.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.moving.flows import give, two_people
from accounts.moving.shapes import Direction, State
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import parcel
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence


class Command(BaseCommand):
    """Names counts, and the SHA-256 of the key, as whoever approves it sees it."""

    help = (
        "Give all customers to another system, with the hashes of passwords and the seeds of apps, in a file that "
        "only the owner of this public key opens. An administrator has to approve it on the staff site first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """To whom, and where."""
        parser.add_argument("key", type=Path, help="the recipient's public key (PEM)")
        parser.add_argument("file", type=Path, help="a file that is not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """As far as it may go."""
        try:
            self._handle(parcel.public(options["key"].read_bytes()), options["file"])
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error
        except parcel.UnusableKey as error:
            raise CommandError(str(error)) from error
        except Refused as refused:
            raise CommandError(sentence(refused.reason)) from refused

    def _handle(self, recipient: Any, path: Path) -> None:
        digest, by, at = parcel.digest_of(recipient), Actor.system(), clock.now()
        move = two_people.found(Direction.GIVE, digest)
        if move is not None and move.state == State.APPROVED:
            move = give.write(move, path, recipient, by=by)
            self.stdout.write(f"{move.customers:,} customers stand in {path}.")
            return
        counts = {"customers": give.everybody().count()}
        if move is None or at >= move.expires_at:
            two_people.propose(Direction.GIVE, digest, counts, by=by, at=at)
        self.stdout.write(f"customers: {counts['customers']:,}\nSHA-256 of the key: {digest}")
        self.stdout.write("Proposed. An administrator has to approve it on the staff site; then run this again.")
