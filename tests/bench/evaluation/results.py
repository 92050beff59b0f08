"""A score, its parts and the findings for every row of a log, as CSV or Parquet."""

import csv
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ciam_portal.core.risk.assess import Assessment
from ciam_portal.core.risk.visit import Feature
from tests.bench.evaluation.judge import rank
from tests.bench.evaluation.log import Unreadable
from tests.bench.evaluation.rows import Row

FEATURES = tuple(feature.value for feature in Feature)
COLUMNS = ("line", "index", "level", "score", "rank", *FEATURES, "findings", "model")
BATCH = 10_000
PARQUET = ".parquet"
SUFFIXES = (".csv", PARQUET)

Record = dict[str, Any]
Write = Callable[[Record], None]


def record(line: int, row: Row, found: Assessment) -> Record:
    """One row of results. What is unknown or was not asked is empty."""
    parts = {part.code: part.llr for part in found.parts}
    return {
        "line": line,
        "index": row.index,
        "level": "" if found.level is None else found.level.name,
        "score": found.score,
        "rank": None if found.score is None else rank(found),
        **{name: parts.get(name) for name in FEATURES},
        "findings": ";".join(f"{each.code}={each.points:.3f}" for each in found.findings),
        "model": found.model,
    }


@contextmanager
def writer(path: Path) -> Iterator[Write]:
    """Something that writes records to the file, in the form its name asks for."""
    if path.suffix == PARQUET:
        if importlib.util.find_spec("pyarrow") is None:
            raise Unreadable(
                "Parquet needs the package pyarrow, which is not installed here. Name a .csv file instead."
            )
        with _parquet(path) as write:
            yield write
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.DictWriter(file, COLUMNS)
        lines.writeheader()
        yield lines.writerow


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    kinds = {"line": arrow.int64(), "score": arrow.float64(), "rank": arrow.float64()}
    kinds |= dict.fromkeys(FEATURES, arrow.float64())
    schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in COLUMNS])
    batch: list[Record] = []
    with parquet.ParquetWriter(path, schema) as file:

        def flush() -> None:
            file.write_table(arrow.Table.from_pylist(batch, schema=schema))
            batch.clear()

        def write(each: Record) -> None:
            batch.append(each)
            if len(batch) == BATCH:
                flush()

        yield write
        if batch:
            flush()
