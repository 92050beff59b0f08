"""manage.py privilege_paths [--json] [--check]: who of the staff could reach a takeover, alone or with whom."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ciam_portal.core import privileges


class Command(BaseCommand):
    """Compute every path from roles to takeovers."""

    help = "Show every way by which staff can reach a takeover. --check fails if one person can."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """How to say it."""
        parser.add_argument("--json", action="store_true", help="as JSON, for machines")
        parser.add_argument("--check", action="store_true", help="fail if a single person can reach one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the paths; fail if one is too short."""
        found, alone = privileges.paths(), privileges.alone()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(path) for path in found], indent=2, default=str))
        else:
            for path in found:
                steps = ", then ".join(f"{step.person} ({step.role or 'now'}) {step.does}" for step in path.steps)
                self.stdout.write(f"{path.effect:<16} {' + '.join(path.people):<32} {steps}")
        if options["check"]:
            if alone:
                effects = ", ".join(sorted({path.effect for path in alone}))
                raise CommandError(f"One person alone can reach: {effects}.")
            if not options["json"]:
                self.stdout.write("No takeover can be reached by one person.")
