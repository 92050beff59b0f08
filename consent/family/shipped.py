"""The table of ages, as every installation has it. Data with its sources: let counsel look at it (``ages.csv``)."""

import csv
from datetime import date
from pathlib import Path

from consent.family.shapes import Rule, What


def _rule(row: dict[str, str]) -> Rule:
    return Rule(
        row["country"], What(row["what"]), int(row["age"]), date.fromisoformat(row["valid_from"]), row["source"],
        row["certainty"],
    )  # fmt: skip


def _read() -> tuple[Rule, ...]:
    with Path(__file__).with_name("ages.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(_rule(row) for row in csv.DictReader(rows))


AGES = _read()
COUNTRIES = tuple(sorted({rule.country for rule in AGES if len(rule.country) == 2}))  # noqa: PLR2004  (ISO 3166)
