"""``manage.py replay --policy FILE``: what a candidate policy would have answered, and to whom it would matter."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.limits import UnsafePolicy
from ciam_portal.governance import history, replay
from ciam_portal.governance.replay import Report, Tally

_LONGEST_DAYS = 36_500
_BAR = 30
_EVERY_SECONDS = 0.2


class Command(BaseCommand):
    """Reads, never writes. However many decisions there are, memory stays small."""

    help = "Run a candidate policy over recorded decisions and print the difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which policy, which decisions, which form."""
        parser.add_argument("--policy", required=True, metavar="FILE", help="the candidate: a policy file")
        parser.add_argument("--since", default="", metavar="WHEN", help="a date or instant (ISO 8601), or 30d for days")
        parser.add_argument("--action", default="", help="only this action of the catalogue")
        parser.add_argument("--json", default="", metavar="FILE", help="write the report as JSON too; - for no table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay, then say."""
        try:
            candidate = limits.load(options["policy"])
        except UnsafePolicy as error:
            raise CommandError(str(error)) from error
        since, action = _instant(options["since"], clock.now()), options["action"]
        rows = progress(history.stream(since, action), history.count(since, action), sys.stderr)
        report = replay.compare(rows, history.labels(since), candidate)
        if options["json"]:
            self._write(options["json"], report)
        if options["json"] != "-":
            self.stdout.write("\n".join(table(report)))

    def _write(self, target: str, report: Report) -> None:
        text = json.dumps(report.as_json(), indent=2)
        if target == "-":
            self.stdout.write(text)
            return
        try:
            Path(target).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The report cannot be written to {target}: {error.strerror}.") from error


def _instant(text: str, now: datetime) -> datetime | None:
    days = text.removesuffix("d")
    if text.endswith("d") and days.isascii() and days.isdigit() and 0 < int(days) <= _LONGEST_DAYS:
        return now - timedelta(days=int(days))
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"--since takes a date, an instant (ISO 8601) or days such as 30d, not {text!r}.")
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def progress(rows: Iterator[DecisionEntry], total: int, out: TextIO) -> Iterator[DecisionEntry]:
    """The same rows, with a bar on a terminal and one line elsewhere."""
    shown, live = 0.0, out.isatty()
    for number, row in enumerate(rows, start=1):
        if live and (time.monotonic() - shown >= _EVERY_SECONDS or number >= total):
            shown = time.monotonic()
            done = min(1.0, number / max(1, total))
            out.write(f"\r[{'#' * round(_BAR * done):<{_BAR}}] {done:4.0%}  {number:,} of {total:,}")
            out.flush()
        yield row
    out.write("\n" if live else f"{total:,} decisions looked at\n")
    out.flush()


def table(report: Report) -> list[str]:
    """The report for a person at a terminal."""
    lines = [
        f"candidate policy {report.candidate}",
        "",
        *_counts(
            ("decisions looked at", report.rows),
            ("unchanged", report.unchanged),
            ("same answer, stricter terms", report.stricter),
            ("same answer, looser terms", report.looser),
            ("cannot be asked any more", report.not_rebuilt),
            ("confirmed takeovers that were allowed", report.takeovers),
            ("  of these stopped", report.takeovers_stopped),
            ("confirmed takeovers let in anew", report.takeovers_let_in),
            ("genuine decisions that were allowed", report.genuine),
            ("  of these bothered", report.genuine_bothered),
            ("  of these confirmed by the customer", report.genuine_confirmed_bothered),
            ("genuine decisions relieved", report.genuine_relieved),
        ),
    ]
    lines += _block("all", {"all decisions": report.answers})
    lines += _block("by action", report.actions)
    lines += _block("by reason or finding", report.causes)
    return lines


def _counts(*pairs: tuple[str, int]) -> list[str]:
    return [f"{name:<40} {number:>10,}" for name, number in pairs]


def _block(title: str, tallies: dict[str, dict[str, Tally]]) -> list[str]:
    if not tallies:
        return []
    head = f"{title:<40}" + "".join(f" {'+' + answer:>9} {'-' + answer:>9}" for answer in replay.ANSWERS)
    rows = [
        f"{name:<40}" + "".join(f" {tally[answer].more:>9,} {tally[answer].fewer:>9,}" for answer in replay.ANSWERS)
        for name, tally in sorted(tallies.items())
    ]
    return ["", head, *rows]
