"""manage.py erase [--due] [--again FILE]: accounts that are deleted: what waits, what is due, again after a restore.

There is no way past the policy: an account is erased because its owner asked for it, and once nothing stands in the
way. After a backup was restored, those erased since it was made are erased again (``--again``, with the list that was
printed before), before the portal is opened.
"""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from consent.erasure import flows, tasks
from consent.models import Deletion


class Command(BaseCommand):
    """List, or carry out."""

    help = (
        "Show accounts that wait to be erased, and print the list of those that were. --due carries out what is due "
        "now, as the job does every minute. --again FILE: after a backup was restored, erase those on that list whom "
        "it brought back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--due", action="store_true")
        what.add_argument("--again", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Carry out, or list."""
        if options["due"]:
            self.stdout.write(f"{tasks.sweep()} erased.")
        elif options["again"]:
            self.stdout.write(f"{self._again(_ids(options['again']))} erased again.")
        else:
            for each in Deletion.objects.waiting().order_by("due_at"):
                self.stderr.write(f"waits    {each.customer}  until {each.due_at:%Y-%m-%d %H:%M}")
            for each in Deletion.objects.begun().order_by("began_at"):
                self.stderr.write(f"begun    {each.customer}  {each.rows} rows so far")
            for each in Deletion.objects.filter(erased_at__isnull=False).order_by("erased_at"):
                self.stdout.write(f"{each.customer} {each.seal}")

    def _again(self, ids: list[UUID]) -> int:
        at, by, done = clock.now(), Actor.system(), 0
        for person in User.objects.filter(pk__in=ids):
            deletion = flows.begin_again(person, by=by, at=at)
            while not flows.go_on(deletion, by=by, at=at, seconds=1):
                pass
            done += 1
        return done


def _ids(path: Path) -> list[UUID]:
    """Those that a list of ours names: each with the seal that this command printed. Raises CommandError."""
    try:
        lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
        found = [(UUID(key), seal) for key, seal in lines]
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no list that this command has printed: {error}.") from None
    if wrong := [key for key, seal in found if not codes.stands_for(seal, str(key), "erased")]:
        raise CommandError(f"{path} names {wrong[0]}, which was not erased here.")
    return [key for key, _seal in found]
