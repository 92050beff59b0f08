"""``manage.py policy``: keep what the policy file says, complete the approved version for an upgrade, list versions."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.governance import flows
from ciam_portal.governance.flows import Seen
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import VersionState

_SENTENCES = {
    Seen.FIRST: "The policy file decides: the installation has approved it, as it is the very first version.",
    Seen.SAME: "The policy file is the approved version.",
    Seen.FOUND: "The policy file is kept as a candidate. It decides once two administrators have approved it.",
    Seen.KNOWN: "The policy file is not the approved version, and is kept already.",
}


class Command(BaseCommand):
    """Which policy decides is for two people to say, on the staff site; this is what machines may do."""

    help = "Keep what the policy file says (install), or list the versions that are kept (list)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        install = verbs.add_parser("install", help="keep the policy file: the first version decides, others wait")
        install.add_argument(
            "--upgrade",
            action="store_true",
            help="if newer software needs keys that the approved version lacks: complete it from the file, "
            "changing no number that was approved",
        )
        verbs.add_parser("list", help="list the versions that are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        if options["verb"] == "list":
            self._list()
            return
        by, at = Actor.system(), clock.now()
        try:
            if options["upgrade"] and _is_outdated():
                row = flows.upgrade(settings.POLICY_TEXT, by=by, at=at)
                self.stdout.write(
                    f"The approved policy was completed for this software: version {row.version} decides."
                )
            seen = flows.see(settings.POLICY_TEXT, by=by, at=at)
        except UnsafePolicy as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{_SENTENCES[seen]} (version {settings.LIMITS.version})")

    def _list(self) -> None:
        for row in PolicyVersion.objects.order_by("found_at", "pk"):
            self.stdout.write(f"{row.version}  {row.state:<10}  {row.origin:<12}  found {row.found_at:%Y-%m-%d %H:%M}")


def _is_outdated() -> bool:
    current = PolicyVersion.objects.filter(state=VersionState.DECIDING).first()
    return current is not None and not current.is_usable
