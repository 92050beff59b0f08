"""Profiles and population in a temporary SQLite file, with a bounded cache: for logs of any length."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from ciam_portal.core.risk.population import Key, Rarity, keys_of, rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Visit

Name = TypeVar("Name")
Value = TypeVar("Value")
ROOM = 50_000
"""Entries of one shelf kept in memory."""
TABLE = "create table {} (name text primary key, content text not null) without rowid"


@dataclass(slots=True)
class Shelf(MutableMapping[Name, Value], Generic[Name, Value]):
    """A map that keeps its latest entries in memory and the others in a file. Entries are never deleted."""

    file: sqlite3.Connection
    table: str
    name: Callable[[Name], str]
    dump: Callable[[Value], Any]
    load: Callable[[Any], Value]
    room: int = ROOM
    held: dict[Name, Value | None] = field(default_factory=dict)
    changed: set[Name] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the table."""
        self.file.execute(TABLE.format(self.table))

    def get(self, name: Name, default: Any = None) -> Any:
        """One entry, or the default. What was asked for stays in memory for a while, also that it is missing."""
        found = self.held.get(name)
        if found is None and name not in self.held:
            row = self.file.execute(
                f"select content from {self.table} where name = ?",  # noqa: S608  (a name of ours)
                (self.name(name),),
            ).fetchone()
            found = None if row is None else self.load(json.loads(row[0]))
            self._hold(name, found)
        return default if found is None else found

    def __getitem__(self, name: Name) -> Value:
        found: Value | None = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: Name, value: Value) -> None:
        self.changed.add(name)
        self._hold(name, value)

    def __delitem__(self, name: Name) -> None:
        raise TypeError("Nothing is deleted from a shelf.")

    def __iter__(self) -> Iterator[Name]:
        raise TypeError("A shelf is not listed.")

    def __len__(self) -> int:
        self._write()
        count: int = self.file.execute(f"select count(*) from {self.table}").fetchone()[0]  # noqa: S608
        return count

    def _hold(self, name: Name, value: Value | None) -> None:
        self.held.pop(name, None)
        self.held[name] = value
        if len(self.held) > self.room:
            self._write()
            for old in list(self.held)[: self.room // 4]:
                del self.held[old]

    def _write(self) -> None:
        self.file.executemany(
            f"insert or replace into {self.table} values (?, ?)",  # noqa: S608
            ((self.name(name), json.dumps(self.dump(value))) for name in self.changed if (value := self.held[name])),
        )
        self.changed.clear()


@dataclass(slots=True)
class Disk:
    """A store in one temporary file."""

    file: sqlite3.Connection
    room: int = ROOM
    profiles: Shelf[str, Profile] = field(init=False)
    weights: Shelf[Key, float] = field(init=False)

    def __post_init__(self) -> None:
        """Two shelves."""
        number = self.file.execute("select count(*) from sqlite_master").fetchone()[0]
        self.profiles = Shelf(self.file, f"profiles{number}", str, Profile.to_json, Profile.from_json, room=self.room)
        self.weights = Shelf(self.file, f"weights{number}", "\t".join, float, float, room=4 * self.room)

    def profile(self, user: str) -> Profile:
        """One customer's profile."""
        found: Profile = self.profiles.get(user, Profile.empty())
        return found

    def counts(self, visit: Visit) -> Rarity:
        """What the population says."""
        return rarity(visit, {key: self.weights.get(key, 0.0) for key in keys_of(visit)})

    def keep(self, user: str, profile: Profile) -> None:
        """Remember a profile as it is now."""
        self.profiles[user] = profile

    def add(self, deltas: Mapping[Key, float]) -> None:
        """Add to the population's weights."""
        for key, delta in deltas.items():
            self.weights[key] = self.weights.get(key, 0.0) + delta


def scratch(folder: str) -> sqlite3.Connection:
    """A file that may be lost: nothing in it is worth a sync."""
    file = sqlite3.connect(Path(folder) / "evaluation.sqlite3", isolation_level=None)
    for pragma in ("journal_mode = off", "synchronous = off", "locking_mode = exclusive", "cache_size = -65536"):
        file.execute(f"pragma {pragma}")
    return file
