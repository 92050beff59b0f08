"""manage.py consents verify: does every record say what was said last, and what its connection holds?"""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.records import differences

_SHOWN = 50


class Command(BaseCommand):
    """Exit status 0: all agree. 1: the named ones do not."""

    help = "Compare how choices stand with their history, and with the connections of apps; names what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        parser.add_argument("verb", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at all of them."""
        found = Counter[str]()
        for each in differences.all_of_them():
            found[each.kind] += 1
            if found.total() <= _SHOWN:
                self.stderr.write(f"{each.kind}: {each}")
        if found:
            raise CommandError(f"{found.total():,} DO NOT AGREE WITH WHAT WAS SAID.")
        self.stdout.write("Every record says what was said last.")
