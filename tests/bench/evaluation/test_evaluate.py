"""``python -m tests.bench.evaluation`` on small files, good and bad."""

import csv
import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from ciam_portal.core.risk.visit import Feature
from tests.bench.evaluation.__main__ import main
from tests.bench.evaluation.disk import Disk, scratch
from tests.bench.evaluation.judge import Judge
from tests.bench.evaluation.memory import Memory
from tests.bench.evaluation.rows import COLUMNS, DEVICE_KEY, Row, cells, family, parse
from tests.bench.risk.trial import Log as Synthetic


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return Synthetic.of(250, 5, 2).rows


def written(path: Path, rows: list[Row], head: tuple[str, ...] = (*COLUMNS, DEVICE_KEY), width: int = 17) -> Path:
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        if head:
            lines.writerow(head)
        lines.writerows(list(cells(row))[:width] for row in rows)
    return path


def evaluated(path: Path, *options: str | Path) -> str:
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()):
        main([str(word) for word in (path, *options)])
    return said.getvalue()


def test_a_row_is_read_as_it_was_written(rows):
    for row in rows[:200]:
        again = parse(list(cells(row)))
        assert abs(again.second - row.second) < 0.002
        assert replace(again, second=0.0, rtt=None) == replace(row, second=0.0, rtt=None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Chrome Mobile 81.0.4044", "Chrome Mobile"), ("Mac OS X 10.14.6", "Mac OS X"), ("iOS 13.4", "iOS"),
        ("Other", "Other"), ("2345", "2345"),
    ],
)  # fmt: skip
def test_families(name, expected):
    assert family(name) == expected


def test_every_row_gets_a_score_whose_parts_add_up(rows, tmp_path):
    out = tmp_path / "scores.csv"
    said = evaluated(written(tmp_path / "log.csv", rows), "--out", out)
    assert f"{len(rows):,} rows read, 0 unreadable" in said
    with out.open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows)
    scored = [each for each in found if each["score"]]
    assert scored
    for each in scored:
        total = sum(float(each[feature.value]) for feature in Feature if each[feature.value])
        assert abs(total - float(each["score"])) < 1e-9
    assert any("failures_on_account" in each["findings"] or each["findings"] for each in found)


def test_a_report_with_attackers_and_references(rows, tmp_path):
    evaluated(
        written(tmp_path / "log.csv", rows), "--report", tmp_path / "report", "--attackers", "0.5", "--references",
        "--since", "2020-05-13",
    )  # fmt: skip
    text = (tmp_path / "report" / "report.md").read_text()
    assert "| naive |" in text
    assert "| targeted |" in text
    assert "Freeman/Wiefling" in text
    assert (tmp_path / "report" / "naive.svg").read_text().startswith("<svg")


def test_sixteen_columns_do_without_device_keys(rows, tmp_path):
    out = tmp_path / "scores.csv"
    evaluated(written(tmp_path / "log.csv", rows, COLUMNS, 16), "--out", out)
    with out.open() as file:
        assert not any(each["device"] for each in csv.DictReader(file))


def test_a_head_is_not_needed(rows, tmp_path):
    assert f"{len(rows):,} rows read" in evaluated(written(tmp_path / "log.csv", rows, ()))


def test_bad_lines_are_counted_and_named(rows, tmp_path):
    path = written(tmp_path / "log.csv", rows[:20])
    good = next(csv.reader([path.read_text().splitlines()[5]]))

    def spoiled(place: int, text: str) -> list[str]:
        return [*good[:place], text, *good[place + 1 :]]

    with path.open("a", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["only", "three", "cells"])
        lines.writerow(spoiled(1, "the day before yesterday"))
        lines.writerow(spoiled(3, "fast"))
        lines.writerow(spoiled(3, "-5"))
        lines.writerow(spoiled(8, "AS\x00one"))
        lines.writerow(spoiled(13, "perhaps"))
        lines.writerow(spoiled(2, ""))
        file.writelines("x\n" for _ in range(8))
    said = evaluated(path)
    assert "20 rows read, 15 unreadable" in said
    assert "line 22: 3 columns instead of 16 or 17" in said
    assert "line 23: no date: 'the day before yesterday'" in said
    assert "line 25: no duration" in said
    assert "and 5 more" in said


def test_an_absurd_agent_is_only_a_value(rows, tmp_path):
    strange = [replace(row, agent="\x01" + "x" * 100_000) for row in rows[:5]]
    assert "5 rows read" in evaluated(written(tmp_path / "log.csv", strange))


def test_a_cell_of_megabytes_is_a_bad_line(rows, tmp_path):
    path = written(tmp_path / "log.csv", [*rows[:3], replace(rows[3], agent="x" * 2_000_000), *rows[4:6]])
    assert "5 rows read, 1 unreadable" in evaluated(path)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_said_to_be_empty(tmp_path, content):
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(SystemExit, match="is empty"):
        evaluated(path)


def test_a_head_alone_is_no_log(tmp_path):
    with pytest.raises(SystemExit, match="No line could be read"):
        evaluated(written(tmp_path / "log.csv", []))


def test_another_head_is_named(rows, tmp_path):
    with pytest.raises(SystemExit, match="lacks ASN"):
        evaluated(written(tmp_path / "log.csv", rows[:3], tuple(name for name in COLUMNS if name != "ASN")))


def test_no_file(tmp_path):
    with pytest.raises(SystemExit, match="There is no file"):
        evaluated(tmp_path / "none.csv")


def test_where_the_results_go_is_checked_before_anything_is_written(rows, tmp_path):
    log = written(tmp_path / "log.csv", rows)
    before = log.read_bytes()
    with pytest.raises(SystemExit, match="over the log itself"):
        evaluated(log, "--out", tmp_path / "." / log.name)
    with pytest.raises(SystemExit, match=r"ends in \.csv or \.parquet"):
        evaluated(log, "--out", tmp_path / "scores.txt")
    assert log.read_bytes() == before
    assert list(tmp_path.iterdir()) == [log]


def test_a_day_that_is_none_is_named(rows, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(written(tmp_path / "log.csv", rows)), "--since", "tomorrow"])
    assert "'tomorrow' is no day such as" in capsys.readouterr().err


def test_a_file_that_is_not_sorted_stops_with_the_line_or_is_sorted(rows, tmp_path):
    mixed = [rows[1], rows[0], *rows[2:40]] if rows[1].second > rows[0].second else []
    path = written(tmp_path / "log.csv", mixed)
    with pytest.raises(SystemExit, match="Line 3 is earlier"):
        evaluated(path)
    out, sorted_out = tmp_path / "mixed.csv", tmp_path / "sorted.csv"
    assert "40 rows read" in evaluated(path, "--out", out, "--sort")
    evaluated(written(tmp_path / "sorted-log.csv", rows[:40]), "--out", sorted_out)
    scores = [[each["score"] for each in csv.DictReader(found.read_text().splitlines())] for found in (out, sorted_out)]
    assert scores[0] == scores[1]


def test_parquet_tells_the_same(rows, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = written(tmp_path / "log.csv", rows)
    evaluated(path, "--out", tmp_path / "scores.csv")
    evaluated(path, "--out", tmp_path / "scores.parquet")
    found = parquet.read_table(tmp_path / "scores.parquet").to_pylist()
    with (tmp_path / "scores.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [each["score"] for each in found] == [float(each["score"]) if each["score"] else None for each in lines]


def test_parquet_without_its_package_says_so(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match="pyarrow"):
        evaluated(written(tmp_path / "log.csv", rows[:3]), "--out", tmp_path / "scores.parquet")


def test_a_small_cache_changes_no_score(rows, tmp_path):
    file = scratch(str(tmp_path))
    disk = Disk(file, room=20)
    small, whole = Judge(disk), Judge(Memory())
    assert [small.see(row) for row in rows] == [whole.see(row) for row in rows]
    assert len(disk.profiles.held) <= 20
    file.close()
