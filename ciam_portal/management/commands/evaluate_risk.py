"""``manage.py evaluate_risk FILE.csv``: judge a log of sign-ins with the code that judges one, and measure it."""

import random  # noqa: TID251  (invented attackers need no secure randomness)
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ciam_portal.core.risk.parameters import DEFAULT
from ciam_portal.management.evaluation import report, results
from ciam_portal.management.evaluation.disk import Disk, Shelf, scratch
from ciam_portal.management.evaluation.judge import Judge
from ciam_portal.management.evaluation.log import Log, Unreadable
from ciam_portal.management.evaluation.progress import Progress
from ciam_portal.management.evaluation.references import Histories, Reference, of_all
from ciam_portal.management.evaluation.run import Evaluation, Note
from ciam_portal.management.evaluation.simulate import Simulator

OURS = "ours"


class Command(BaseCommand):
    """Score every row of a log in the form of the published RBA data set; write scores and a report."""

    help = (
        "Stream a log of sign-ins (the 16 columns of the RBA data set, optionally a 17th, 'Device Key') through the "
        "risk model, in bounded memory; write a score with its parts and findings per row, and a report."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The log, and what to write."""
        parser.add_argument("file", type=Path, help="the log, a CSV file sorted by time")
        parser.add_argument("--out", type=Path, help="where to write a result per row: .csv or .parquet")
        parser.add_argument("--report", type=Path, metavar="DIR", help="where to write report.md and its curves")
        parser.add_argument("--sort", action="store_true", help="sort the log by time first, in a temporary file")
        parser.add_argument("--since", type=_day, default=0.0, help="count only from this day on (rows before teach)")
        parser.add_argument("--attackers", type=float, default=0.0, metavar="SHARE", help=(
            "simulate naive, VPN and targeted attackers after this share of genuine successes, each customer once"
        ))  # fmt: skip
        parser.add_argument("--references", action="store_true", help="also run Freeman's score and the plain sum")
        parser.add_argument("--seed", type=int, default=1, help="of the simulated attackers")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401, ARG002  (Django's signature)
        """One pass."""
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        if not 0 <= options["attackers"] <= 1:
            raise CommandError("--attackers is a share between 0 and 1.")
        out: Path | None = options["out"]
        if out and out.suffix not in results.SUFFIXES:
            raise CommandError(f"--out names a file that ends in {' or '.join(results.SUFFIXES)}.")
        if out and out.exists() and out.samefile(path):
            raise CommandError("--out would write over the log itself.")
        log = Log(path)
        try:
            with tempfile.TemporaryDirectory() as folder:
                evaluation = self._stream(log, folder, options)
        except (Unreadable, OSError) as error:
            raise CommandError(str(error)) from error
        self._say(log)
        if not log.good:
            raise CommandError("No line could be read.")
        text = (
            f"# Evaluation of {path.name}\n\n{log.good:,} rows, {log.bad:,} unreadable lines. "
            f"Model {DEFAULT.version}.\n\n{report.tables(evaluation)}"
        )
        if options["report"]:
            report.write(options["report"], text, report.figures(evaluation))
            self.stdout.write(f"Report: {options['report'] / 'report.md'}")
        else:
            self.stdout.write(text)

    def _stream(self, log: Log, folder: str, options: dict[str, Any]) -> Evaluation:
        with ExitStack() as stack:
            file = scratch(folder)
            stack.callback(file.close)
            evaluation = _evaluation(Disk(file), options)
            write = stack.enter_context(results.writer(options["out"])) if options["out"] else None
            progress = Progress(self.stderr)
            rows = log.sorted(file) if options["sort"] else log.in_order()
            for number, row in rows:
                found = evaluation.see(row)[OURS]
                if write is not None:
                    write(results.record(number, row, found))
                progress.say(log.good, log.place / max(log.size, 1))
            progress.say(log.good, 1.0, is_done=True)
        return evaluation

    def _say(self, log: Log) -> None:
        self.stdout.write(f"{log.good:,} rows read, {log.bad:,} unreadable lines left out.")
        for problem in log.problems:
            self.stdout.write(f"  {problem}")
        if log.bad > len(log.problems):
            self.stdout.write(f"  and {log.bad - len(log.problems):,} more")


def _evaluation(disk: Disk, options: dict[str, Any]) -> Evaluation:
    histories, simulator = None, None
    references: dict[str, Reference] = {}
    if options["references"]:
        histories = Histories(Shelf(disk.file, "own", str, dict, dict), disk.weights)
        references = of_all(histories)
    if options["attackers"]:
        simulator = Simulator(random.Random(options["seed"]), options["attackers"], options["since"])  # noqa: S311
    return Evaluation(
        judges={OURS: Judge(disk)},
        notes=Shelf[str, Note](disk.file, "notes", str, dict, dict),
        references=references,
        histories=histories,
        simulator=simulator,
        start=options["since"],
    )


def _day(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day such as 2026-03-31") from error
