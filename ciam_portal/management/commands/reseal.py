"""``manage.py reseal``: what is sealed moves to the first of DATA_KEYS, and it says which former keys may go."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto.models import Key
from ciam_portal.governance import keys


class Command(BaseCommand):
    """In small batches, while the portal runs; begun again, it goes on where it stopped."""

    help = "Seal everything stored under the first of DATA_KEYS, and say of every former key whether it may go."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A key that must go whatever happens."""
        parser.add_argument(
            "--give-up",
            metavar="NAME",
            action="append",
            default=[],
            help="let this key go although stored data needs it: it is known to others or lost, and so is what only it "
            "opens; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        at, remaining, given_up = clock.now(), Counter[str](), set(options["give_up"])
        unknown = given_up - set(Key.objects.needed().values_list("name", flat=True))
        if unknown:
            raise CommandError(f"Stored data needs no key of this name: {', '.join(sorted(unknown))}.")
        for key in Key.objects.missing():
            if key.name in given_up:
                self._give_up(key, ["what only it opens"])
        if sentence := keys.missing():
            raise CommandError(sentence)
        keys.see(at=at)
        for column, moved in keys.seal_anew(at=at):
            remaining[column.before] += moved.left
            said = f", {moved.left:,} cannot be" if moved.left else ""
            self.stdout.write(f"{column.table}: {moved.anew.total():,} sealed anew{said}")
        former = list(Key.objects.needed().filter(former_at__isnull=False).order_by("ring", "former_at"))
        for key in former:
            needed = keys.needs(key, remaining, at)
            if not needed:
                keys.release(key, by=Actor.system(), at=at)
                self.stdout.write(f"{key} may go.")
            elif key.name in given_up:
                self._give_up(key, needed)
            else:
                self.stdout.write(f"{key} must stay: {'; '.join(needed)}.")

    def _give_up(self, key: Key, needed: list[str]) -> None:
        keys.release(key, given_up=True, by=Actor.system(), at=clock.now())
        self.stdout.write(f"{key} may go; lost with it: {'; '.join(needed)}.")
