"""Asks by turns, and says what came of it."""

import os
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from tests.bench.enumeration.doors import Door
from tests.bench.enumeration.mann_whitney import p_value

P = 0.01
"""From here on nothing was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """Of one door: the times of both kinds, in seconds, and how likely it is that they are of one kind."""

    name: str
    known: tuple[float, ...]
    unknown: tuple[float, ...]

    @property
    def p(self) -> float:
        """Of the test."""
        return p_value(self.known, self.unknown)


def address(door: Door, number: int, kind: str) -> str:
    """Each of its own, at a domain of its own; the same letters in both kinds, but one."""
    return f"{kind}{number:04d}@{door.slug}-{number:04d}.example.net"


def customers(times: int, doors: Iterable[Door]) -> None:
    """The accounts that are known: ``times`` for each door."""
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password

    from accounts.customer import addresses
    from accounts.models import User
    from ciam_portal.core import clock

    at, password = clock.now(), make_password("a password that nobody tries")
    for email in (address(door, number, "a") for door in doors for number in range(times)):
        made = User(email=email, password=password, created_at=at, password_changed_at=at)
        made.save(force_insert=True)
        addresses.add(made, email, proven=True)


def all_doors(base: str, times: int, doors: Iterable[Door]) -> list[Found]:
    """Every door, after some turns that do not count."""
    found = []
    for door in doors:
        for number in range(5):
            door.ask(base, address(door, 9000 + number, "b"), 9000 + number)
        taken: dict[str, list[float]] = {"a": [], "b": []}
        for number in range(times):
            for kind in ("ab", "ba")[number % 2]:
                taken[kind].append(door.ask(base, address(door, number, kind), 2 * number + (kind == "b")))
        found.append(Found(door.name, tuple(taken["a"]), tuple(taken["b"])))
        print(line(found[-1]), flush=True)
    return found


def line(found: Found) -> str:
    """A row of the table."""
    kinds = [
        f"{statistics.median(each) * 1000:.1f} | {statistics.quantiles(each, n=20)[-1] * 1000:.1f}"
        for each in (found.known, found.unknown)
    ]
    return f"| {found.name} | {' | '.join(kinds)} | {found.p:.3f} | {'yes' if found.p > P else 'no'} |"


def report(words: str, found: list[Found], times: int) -> str:
    """The page that is kept."""
    about = (
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; {times} requests of each kind at each door."
    )
    head = "| door | known: median ms | 95 % | unknown: median ms | 95 % | p | kept |\n" + "| --- " * 7 + "|"
    return "\n".join([words, about, "", head, *map(line, found), ""])
