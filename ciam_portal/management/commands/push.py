"""``manage.py push``: make a key that browsers know this installation by, or show those there are."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.push import encryption
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.rings import name_of


class Command(BaseCommand):
    """A new key is shown once, for VAPID_KEYS; of those that are there, only the public halves."""

    help = "Make a key for notices in browsers (Web Push), or show the public halves of those there are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One sub-command for each verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("new", help="make a key: put it first in VAPID_KEYS, and keep it secret")
        verbs.add_parser("show", help="the keys of VAPID_KEYS, by name and public half; the first is given to browsers")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        if options["verb"] == "new":
            self.stdout.write(codes.new_token())
            return
        for key in settings.VAPID_KEYS:
            self.stdout.write(f"{name_of(key)}  {encryption.public(key)}")
        if not settings.VAPID_KEYS:
            self.stdout.write("VAPID_KEYS is not set: nothing goes to browsers, and no page offers it.")
