"""``manage.py verify_receipt FILE…``: are these consent receipts genuine, whole, in order, and as we have recorded?"""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import strictjson
from ciam_portal.oauth import jwts
from consent.receipts import facts, verifier
from consent.receipts.verifier import Keys, Receipt, Unbelievable, Wrong

_SCRIPT = "verify_receipt.py"
_UNREADABLE = 2


class Command(BaseCommand):
    """Exit status 0: genuine. 1: not to be believed, and why. 2: it could not be looked at."""

    help = (
        "Verify consent receipts: signature, chain, the text that was agreed to, and our record. With --keys nothing "
        "is asked of the database. Exit status 1: a receipt is not to be believed. 2: a file could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which, and against what."""
        parser.add_argument("files", nargs="*", type=Path, help="as customers download them; several form a chain")
        parser.add_argument(
            "--keys", type=Path, help="the published keys in a file: verify offline, without our record"
        )
        parser.add_argument("--notice", type=Path, help="the text that was agreed to, as it is published, in a file")
        parser.add_argument("--of", default="", help="whose they must be: the person's id in another of their receipts")
        parser.add_argument("--script", action="store_true", help="print the stand-alone program that does it anywhere")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at all, then at their order, then at our record."""
        if options["script"]:
            self.stdout.write(Path(settings.STATICFILES_DIRS[0], _SCRIPT).read_text(), ending="")
            return
        if not options["files"]:
            raise CommandError("Name at least one file.", returncode=_UNREADABLE)
        keys = _keys_in(options["keys"]) if options["keys"] else facts.published
        try:
            found = verifier.linked([each for path in options["files"] for each in verifier.read(_bytes(path), keys)])
            for receipt in found:
                _of_this_person(receipt, options["of"])
                _this_text(receipt, options["notice"])
                self._say(receipt, "" if options["keys"] else _recorded(receipt))
        except Unbelievable as error:
            which = f"receipt {error.number}: " if error.number else ""
            raise CommandError(f"{which}{error.wrong.value}: {error.wrong.words}") from None

    def _say(self, receipt: Receipt, more: str) -> None:
        said = receipt.said
        event, purpose = said["events"][0], said["purposes"][0]
        what = f"{purpose['purpose_type']} {event['event_state']} {event['event_time']}"
        self.stdout.write(f"receipt {receipt.number}: genuine. {what}, person {said['pii_principal_id']}{more}")


def _recorded(receipt: Receipt) -> str:
    """What our own record says of it, beside that it says the same. Raises Unbelievable."""
    row = facts.recorded(receipt)
    return ", as recorded" + ("; the account is closed" if facts.has_left(row) else "")


def _of_this_person(receipt: Receipt, person: str) -> None:
    if person and receipt.said["pii_principal_id"] != person:
        raise Unbelievable(Wrong.ANOTHERS, receipt.number)


def _this_text(receipt: Receipt, path: Path | None) -> None:
    if path and hashlib.sha256(_bytes(path)).hexdigest() != receipt.said["privacy_notice"]["sha256"]:
        raise Unbelievable(Wrong.OTHER_TEXT, receipt.number)


def _keys_in(path: Path) -> Keys:
    try:
        known = jwts.key_set(strictjson.loads(_bytes(path)))
    except (strictjson.NoJSON, jwts.UnusableKeys) as error:
        raise CommandError(f"{path}: {error}", returncode=_UNREADABLE) from None
    return lambda kid: [key for key in known if key.thumbprint() == kid]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=_UNREADABLE) from None
