"""An approved policy, completed for newer software. Pure: tables in, tables out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ciam_portal.core.policy.catalogue import OPTIONAL, Action, unsaid

Tables = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completed:
    """The tables, and which keys came and went."""

    tables: Tables
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def completed(approved: Tables, file: Tables) -> Completed:
    """Every approved value that the software still knows, and from ``file`` only what is missing.

    ``file`` has been checked, so it holds exactly the keys that the software knows. Actions of the operator's own are
    neither added nor removed: they are not the software's to know. A column that such a row lacks is filled with the
    safe word for it.
    """
    tables: Tables = {}
    for section, table in file.items():
        mine = approved.get(section, {})
        join = _actions if section == "actions" else _numbers
        tables[section] = join(mine if isinstance(mine, dict) else {}, table)
    before, after = set(_keys(approved)), set(_keys(tables))
    return Completed(tables, tuple(sorted(after - before)), tuple(sorted(before - after)))


def _numbers(mine: Tables, file: Tables) -> Tables:
    return {key: mine.get(key, value) for key, value in file.items()}


def _actions(mine: Tables, file: Tables) -> Tables:
    known = {action.value for action in Action}
    names = [name for name in file if name in known] + [name for name in mine if "." in name]
    return {name: _row(name, mine.get(name, {}), file.get(name, {})) for name in names}


def _row(name: str, mine: Tables, file: Tables) -> Tables:
    needed = {key: value for key, value in file.items() if key not in OPTIONAL}
    kept = {key: value for key, value in mine.items() if key in OPTIONAL}
    return (_numbers(mine, needed) if needed else unsaid(name) | mine) | kept


def _keys(tables: Tables, prefix: str = "") -> Iterator[str]:
    for key, value in tables.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{prefix}{key}.")
        else:
            yield prefix + key
