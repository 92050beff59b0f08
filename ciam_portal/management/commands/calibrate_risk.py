"""manage.py calibrate_risk --target 5: which threshold would challenge no more than 5 % of genuine sign-ins?"""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.watch import calibration
from ciam_portal.core import clock
from ciam_portal.core.policy import limits


class Command(BaseCommand):
    """Suggest a threshold; change nothing."""

    help = "Suggest risk.moderate_score from history. Prints a report; the policy file is yours to change."

    def add_arguments(self, parser: CommandParser) -> None:
        """The target, the time to look at, where the report goes."""
        parser.add_argument("--target", type=float, help="percent of genuine sign-ins (1..50; default: the policy's)")
        parser.add_argument("--days", type=int, default=30, help="how far back to look (1..366)")
        parser.add_argument("--json", metavar="FILE", help="write the report as JSON; - prints it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        target = options["target"]
        if target is None:
            target = limits.current().risk.challenge_target_percent
        if not math.isfinite(target) or not 1 <= target <= 50:  # noqa: PLR2004  (the range of the limit)
            raise CommandError("--target must be a percentage from 1 to 50.")
        if not 1 <= options["days"] <= 366:  # noqa: PLR2004  (a year)
            raise CommandError("--days must be from 1 to 366.")
        found = calibration.measure(target, options["days"], clock.now())
        if options["json"] == "-":
            self.stdout.write(json.dumps(asdict(found), indent=2))
            return
        if options["json"]:
            try:
                Path(options["json"]).write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
            except OSError as error:
                raise CommandError(f"The report cannot be written: {error.strerror}.") from error
        self._say(found)

    def _say(self, found: calibration.Calibration) -> None:
        say = self.stdout.write
        say(f"Genuine sign-ins with a score: {found.genuine}, from {found.since[:10]} to {found.until[:10]}")
        say(f"Challenged whatever the score (new browser, findings): {found.challenged_anyway}")
        say(f"risk.moderate_score today: {found.today:g}  challenges {_share(found.challenged_today, found.genuine)}")
        if found.suggested is not None:
            say(
                f"risk.moderate_score suggested for at most {found.target_percent:g} %: {found.suggested:g}"
                f"  (95 % interval {found.suggested_low:g} to {found.suggested_high:g})"
            )
            say(
                f"  would challenge {_share(found.challenged_then or 0, found.genuine)}"
                f"  (95 % interval {100 * (found.challenged_then_low or 0):.1f} to"
                f" {100 * (found.challenged_then_high or 0):.1f} %)"
            )
        then = "" if found.stopped_then is None else f", then: {found.stopped_then}"
        say(f"Disowned sign-ins: {found.takeovers}; challenged today: {found.stopped_today}{then}")
        say(found.says)


def _share(hits: int, of: int) -> str:
    return f"{hits} ({100 * hits / of:.1f} %)" if of else "0"
