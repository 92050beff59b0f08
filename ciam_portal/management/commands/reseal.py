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
            help="let this key go although stored data needs it: it is known to others, and what only it opens is lost",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        if sentence := keys.missing():
            raise CommandError(sentence)
        at, remaining = clock.now(), Counter[str]()
        keys.see(at=at)
        for column, moved in keys.seal_anew(at=at):
            remaining[column.before] += moved.left
            said = f", {moved.left:,} cannot be" if moved.left else ""
            self.stdout.write(f"{column.table}: {moved.anew.total():,} sealed anew{said}")
        former = list(Key.objects.needed().filter(former_at__isnull=False).order_by("ring", "former_at"))
        for key in former:
            self._judge(key, remaining, given_up=key.name == options["give_up"])
        if options["give_up"] and not any(key.name == options["give_up"] for key in former):
            raise CommandError("There is no former key of this name that stored data needs.")

    def _judge(self, key: Key, remaining: "Counter[str]", *, given_up: bool) -> None:
        at = clock.now()
        needed = keys.needs(key, remaining, at)
        if not needed or given_up:
            keys.release(key, given_up=bool(needed), by=Actor.system(), at=at)
            self.stdout.write(f"{key} may go." if not needed else f"{key} may go; lost with it: {'; '.join(needed)}.")
            return
        self.stdout.write(f"{key} must stay: {'; '.join(needed)}.")
