"""Has a phone number moved to another SIM card or carrier? Whoever took one over reads the texts that go to it.

Asked through an interface: ``settings.PORTING`` names what answers. ``File`` reads what a carrier's feed (or whoever
tries it out) has written into ``settings.PORTING_FILE``; ``Unasked`` knows of nothing.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from ciam_portal.core.policy import limits


class NotSaid(Exception):
    """Whoever knows it does not answer, or says something that cannot be read."""


class Porting(Protocol):
    """Who is asked."""

    def moved_at(self, number: str) -> datetime | None:
        """When this number (E.164) last moved; None: not that it is known. Raises NotSaid."""


class Unasked:
    """Nobody is asked: a number that is not known to have moved has not."""

    def moved_at(self, number: str) -> datetime | None:  # noqa: ARG002  (the interface's)
        """Not known."""
        return None


class File:
    """One move a line: the number and the instant (ISO 8601, with its zone), newer ones further down."""

    def moved_at(self, number: str) -> datetime | None:
        """As the last line about it says."""
        try:
            lines = [line.split() for line in Path(settings.PORTING_FILE).read_text(encoding="utf-8").splitlines()]
            moves = [datetime.fromisoformat(instant) for moved, instant in filter(None, lines) if moved == number]
        except (OSError, ValueError) as error:
            raise NotSaid from error
        if any(each.tzinfo is None for each in moves):
            raise NotSaid
        return moves[-1] if moves else None


def is_still(number: str, proven_at: datetime) -> bool:
    """Whether this number is still where its customer proved it. What is not said is answered by the policy."""
    try:
        moved = _asked().moved_at(number)
    except NotSaid:
        return limits.current().recovery.phone_counts_unsaid
    return moved is None or moved < proven_at


@cache
def _named(path: str) -> Porting:
    chosen: Porting = import_string(path)()
    return chosen


def _asked() -> Porting:
    return _named(settings.PORTING)
