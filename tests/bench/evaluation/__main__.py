"""``python -m tests.bench.evaluation FILE.csv``: judge a log of sign-ins with the code that judges one, and measure it.

Stream a log (the 16 columns of the RBA data set, optionally a 17th, 'Device Key') through the risk model, in bounded
memory; write a score with its parts and findings per row, and a report.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from ciam_portal.core.risk.parameters import DEFAULT
from tests.bench.evaluation import report, results
from tests.bench.evaluation.disk import Disk, Shelf, scratch
from tests.bench.evaluation.judge import Judge
from tests.bench.evaluation.log import Log, Unreadable
from tests.bench.evaluation.progress import Progress
from tests.bench.evaluation.references import Histories, Reference, of_all
from tests.bench.evaluation.run import Evaluation, Note
from tests.bench.evaluation.simulate import Simulator

OURS = "ours"


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate one log."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.evaluation", description=__doc__)
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
    options = parser.parse_args(arguments)
    if not 0 <= options.attackers <= 1:
        parser.error("--attackers is a share between 0 and 1.")
    try:
        evaluate(options)
    except (Unreadable, OSError) as error:
        sys.exit(str(error))


def evaluate(options: argparse.Namespace) -> None:
    """Judge every row, then say or write what was found."""
    path: Path = options.file
    if not path.is_file():
        raise Unreadable(f"There is no file {path}.")
    out: Path | None = options.out
    if out and out.suffix not in results.SUFFIXES:
        raise Unreadable(f"--out names a file that ends in {' or '.join(results.SUFFIXES)}.")
    if out and out.exists() and out.samefile(path):
        raise Unreadable("--out would write over the log itself.")
    log = Log(path)
    with tempfile.TemporaryDirectory() as folder:
        evaluation = _stream(log, folder, options)
    _say(log)
    if not log.good:
        raise Unreadable("No line could be read.")
    text = (
        f"# Evaluation of {path.name}\n\n{log.good:,} rows, {log.bad:,} unreadable lines. "
        f"Model {DEFAULT.version}.\n\n{report.tables(evaluation)}"
    )
    if options.report:
        report.write(options.report, text, report.figures(evaluation))
        print(f"Report: {options.report / 'report.md'}")
    else:
        print(text)


def _stream(log: Log, folder: str, options: argparse.Namespace) -> Evaluation:
    with ExitStack() as stack:
        file = scratch(folder)
        stack.callback(file.close)
        evaluation = _evaluation(Disk(file), options)
        write = stack.enter_context(results.writer(options.out)) if options.out else None
        progress = Progress(sys.stderr)
        rows = log.sorted(file) if options.sort else log.in_order()
        for number, row in rows:
            found = evaluation.see(row)[OURS]
            if write is not None:
                write(results.record(number, row, found))
            progress.say(log.good, log.place / max(log.size, 1))
        progress.say(log.good, 1.0, is_done=True)
    return evaluation


def _say(log: Log) -> None:
    print(f"{log.good:,} rows read, {log.bad:,} unreadable lines left out.")
    for problem in log.problems:
        print(f"  {problem}")
    if log.bad > len(log.problems):
        print(f"  and {log.bad - len(log.problems):,} more")


def _evaluation(disk: Disk, options: argparse.Namespace) -> Evaluation:
    histories, simulator = None, None
    references: dict[str, Reference] = {}
    if options.references:
        histories = Histories(Shelf(disk.file, "own", str, dict, dict), disk.weights)
        references = of_all(histories)
    if options.attackers:
        simulator = Simulator(random.Random(options.seed), options.attackers, options.since)
    return Evaluation(
        judges={OURS: Judge(disk)},
        notes=Shelf[str, Note](disk.file, "notes", str, dict, dict),
        references=references,
        histories=histories,
        simulator=simulator,
        start=options.since,
    )


def _day(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-03-31") from error


if __name__ == "__main__":
    main()
