"""manage.py model_card [--json]: the risk model's card, from the configuration that runs now."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.watch import card
from ciam_portal.core import clock


class Command(BaseCommand):
    """Print the model card."""

    help = "Print the risk model's card: purpose, inputs, weights, thresholds, metrics, limits, owner."

    def add_arguments(self, parser: CommandParser) -> None:
        """For machines, or to read."""
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build it and print it."""
        at = clock.now()
        sections = card.build(at)
        if options["json"]:
            self.stdout.write(json.dumps(card.as_json(sections, at), indent=2))
            return
        self.stdout.write("# Model card: risk of a sign-in")
        for section in sections:
            self.stdout.write(f"\n## {section.title}\n")
            for sentence in section.sentences:
                self.stdout.write(f"- {sentence}")
            for row in section.rows:
                self.stdout.write("  " + " | ".join(row))
