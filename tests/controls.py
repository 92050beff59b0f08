"""The list of external requirements, and the rule that a test may only claim what stands in it.

``requirements.csv`` has one row for each requirement; an id that several sources share stands there with ``;``. OWASP
ASVS ids are written in tests in the standard's own full form, ``v5.0.0-6.2.1`` for ``ASVS 6.2.1``.
"""

import csv
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).with_name("requirements.csv")


def known() -> frozenset[str]:
    """Every id in the list, as tests write it."""
    with REQUIREMENTS.open(encoding="utf-8", newline="") as file:
        ids = [one.strip() for row in csv.DictReader(file) for one in row["id"].split(";")]
    return frozenset(f"v5.0.0-{one.removeprefix('ASVS ')}" if one.startswith("ASVS ") else one for one in ids)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stop before the first test when a mark names a requirement that nobody has."""
    listed = known()
    wrong = {
        f"{item.nodeid.partition('[')[0]}: {one!r}"
        for item in items
        for mark in item.iter_markers("control")
        for one in mark.args or ("",)
        if one not in listed
    }
    if wrong:
        raise pytest.UsageError("No such requirement in tests/requirements.csv: " + "; ".join(sorted(wrong)))
